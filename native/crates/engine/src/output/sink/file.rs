//! A file, or standard output: begun again by size, by time or when asked to.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sidewire_base::{ByteSize, FileMode, SettingKind, SettingValue, Time};

use super::file_name::FileName;
use super::interval::RotateInterval;
use super::lines::{count, line_start};
use super::retention::FileRetention;
use super::{LineSink, SinkKind, SinkOrders};

sidewire_base::settings! {
    /// What a file is told.
    pub(crate) struct FileSinkSettings {
        /// Its path, in whose last part `%Y`, `%m`, `%d`, `%H`, `%M`, `%S`, `%s` stand for the time (UTC) it is begun;
        /// `/dev/stdout` is standard output.
        path: PathBuf = "filename";
        /// Append instead of replacing.
        append: bool = "append", usually "yes";
        /// Permissions it is given.
        mode: Option<FileMode> = "filemode";
        /// How often another is begun: `minute`, `hour`, `day`, or a span such as `30m`, `6h`, `1d`, `2w`.
        rotate_interval: Option<RotateInterval> = "rotate-interval";
        /// Octets after which another is begun.
        rotate_size: Option<ByteSize> = "rotate-size";
        /// How many are kept beside the one that is written.
        keep_files: Option<u32> = "keep-files";
        /// How long they are kept: a span such as `30d`.
        keep_age: Option<RotateInterval> = "keep-age";
        /// Octets that they may have together.
        keep_size: Option<ByteSize> = "keep-size";
        /// What is done with lines while the disk is full: `drop` counts them, `wait` holds everything until there is room.
        disk_full: DiskFull = "disk-full", usually "drop";
    }
}

/// What is done with lines while the disk is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DiskFull {
    Drop,
    Wait,
}

impl SettingValue for DiskFull {
    const KIND: SettingKind = SettingKind::OneOf(&["drop", "wait"]);

    fn read(text: &str) -> Option<Self> {
        match text {
            "drop" => Some(Self::Drop),
            "wait" => Some(Self::Wait),
            _ => None,
        }
    }
}

/// How often who waits for room looks whether there is some.
const PATIENCE: Duration = Duration::from_millis(200);

/// Writes lines to a file.
pub(crate) struct FileSink {
    target: FileTarget,
    disk_full: DiskFull,
    orders: Arc<SinkOrders>,
}

enum FileTarget {
    Stdout(io::Stdout),
    File(RotatedFile),
}

impl SinkKind for FileSink {
    const FILETYPES: &'static [&'static str] = &["regular", "file"];
    const DOC: &'static str = "A file, or standard output.";
    type Settings = FileSinkSettings;

    fn name(_: &str, settings: &FileSinkSettings) -> String {
        settings.path.display().to_string()
    }

    /// Opens the file, and makes the folders above it.
    fn open(_: &str, settings: FileSinkSettings, orders: &Arc<SinkOrders>) -> io::Result<Self> {
        let (disk_full, orders) = (settings.disk_full, Arc::clone(orders));
        let is_stdout = settings.path == Path::new("/dev/stdout") || settings.path == Path::new("-");
        let target = match is_stdout {
            true => FileTarget::Stdout(io::stdout()),
            false => FileTarget::File(RotatedFile::open(&settings)?),
        };
        Ok(Self { target, disk_full, orders })
    }
}

impl LineSink for FileSink {
    fn write(&mut self, lines: &[u8]) -> io::Result<u64> {
        let file = match &mut self.target {
            FileTarget::Stdout(stdout) => return stdout.write_all(lines).map(|()| 0),
            FileTarget::File(file) => file,
        };
        file.rotate_due(&self.orders);
        let mut written = 0;
        while let Some(rest) = lines.get(written..).filter(|rest| !rest.is_empty()) {
            match file.file.write(rest) {
                Ok(octets) if octets > 0 => {
                    written += octets;
                    file.octets += octets as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(_) => return Err(io::ErrorKind::WriteZero.into()),
                Err(error) if !is_full(&error) => return Err(error),
                Err(error) => {
                    self.orders.tell(&error);
                    if self.disk_full == DiskFull::Wait && !self.orders.is_given_up() {
                        std::thread::park_timeout(PATIENCE);
                        continue;
                    }
                    // A line that was cut would spoil the next.
                    let whole = line_start(lines, written);
                    file.cut(written - whole)?;
                    return Ok(count(lines.get(whole..).unwrap_or_default()));
                }
            }
        }
        Ok(0)
    }

    fn flush(&mut self) -> io::Result<u64> {
        match &mut self.target {
            FileTarget::Stdout(stdout) => stdout.flush()?,
            FileTarget::File(file) => file.rotate_due(&self.orders),
        }
        Ok(0)
    }

    fn reopen(&mut self) -> io::Result<()> {
        match &mut self.target {
            FileTarget::Stdout(_) => Ok(()),
            FileTarget::File(file) => file.reopen(),
        }
    }
}

/// The disk, the quota or the file is full: that passes.
fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

/// A file that is begun again from time to time.
struct RotatedFile {
    folder: PathBuf,
    name: FileName,
    path: PathBuf,
    file: File,
    octets: u64,
    mode: Option<FileMode>,
    interval: Option<RotateInterval>,
    /// When another is begun. Seconds since 1970.
    due: Option<u64>,
    most: Option<u64>,
    retention: FileRetention,
}

impl RotatedFile {
    fn open(settings: &FileSinkSettings) -> io::Result<Self> {
        let path = &settings.path;
        let wrong = |what: String| io::Error::new(io::ErrorKind::InvalidInput, what);
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or_else(|| wrong("this is no name of a file".to_owned()))?;
        let name = FileName::read(name).map_err(|code| wrong(format!("`{code}` in the name stands for no time")))?;
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        fs::create_dir_all(&folder)?;
        let now = now();
        let path = folder.join(name.at(Time::new(now.try_into().unwrap_or(0), 0)));
        let (file, octets) = open(&path, settings.append, settings.mode)?;
        let due = settings.rotate_interval.map(|interval| interval.after(now));
        Ok(Self {
            folder,
            name,
            path,
            file,
            octets,
            mode: settings.mode,
            interval: settings.rotate_interval,
            due,
            most: settings.rotate_size.map(|ByteSize(octets)| octets).filter(|most| *most > 0),
            retention: FileRetention {
                files: settings.keep_files,
                age: settings.keep_age.map(RotateInterval::span),
                octets: settings.keep_size.map(|ByteSize(octets)| octets),
            },
        })
    }

    /// Begins another file when it is time, or this one is large enough. When that cannot be, this one goes on.
    fn rotate_due(&mut self, orders: &SinkOrders) {
        let now = now();
        let by_time = self.due.is_some_and(|due| now >= due);
        if !by_time && self.most.is_none_or(|most| self.octets < most) {
            return;
        }
        self.due = self.interval.map(|interval| interval.after(now));
        if let Err(error) = self.rotate(now) {
            orders.tell(&error);
            // Not with each line.
            self.octets = 0;
        }
    }

    fn rotate(&mut self, now: u64) -> io::Result<()> {
        let path = self.folder.join(self.name.at(Time::new(now.try_into().unwrap_or(0), 0)));
        if path == self.path && self.octets > 0 {
            fs::rename(&self.path, aside(&self.path, now))?;
        }
        self.begin(path)?;
        self.retention.apply(&self.folder, &self.name, &self.path)
    }

    fn reopen(&mut self) -> io::Result<()> {
        self.begin(self.folder.join(self.name.at(Time::new(now().try_into().unwrap_or(0), 0))))
    }

    fn begin(&mut self, path: PathBuf) -> io::Result<()> {
        (self.file, self.octets) = open(&path, true, self.mode)?;
        self.path = path;
        Ok(())
    }

    /// Takes back the last octets that were written.
    fn cut(&mut self, octets: usize) -> io::Result<()> {
        self.octets = self.octets.saturating_sub(octets as u64);
        if octets == 0 || !self.file.metadata()?.is_file() {
            return Ok(());
        }
        let length = self.file.metadata()?.len().saturating_sub(octets as u64);
        self.file.set_len(length)?;
        io::Seek::seek(&mut self.file, io::SeekFrom::End(0)).map(|_| ())
    }
}

/// The name of a file that is put aside: with the time, and a number where there is one of that second.
fn aside(path: &Path, now: u64) -> PathBuf {
    let digits: String = sidewire_eve::timestamp(Time::new(now.try_into().unwrap_or(0), 0))
        .chars()
        .take_while(|char| *char != '.')
        .filter(char::is_ascii_digit)
        .collect();
    let named = |more: String| PathBuf::from(format!("{}.{digits}{more}", path.display()));
    let first = named(String::new());
    if !first.exists() {
        return first;
    }
    (1..10_000).map(|number| named(format!(".{number}"))).find(|path| !path.exists()).unwrap_or(first)
}

/// Opens a file; gives the octets that it has.
fn open(path: &Path, append: bool, mode: Option<FileMode>) -> io::Result<(File, u64)> {
    let mut options = OpenOptions::new();
    options.create(true).write(true);
    if append {
        options.append(true)
    } else {
        options.truncate(true)
    };
    if let Some(FileMode(mode)) = mode {
        options.mode(mode);
    }
    // A pipe would wait for its reader here, and for ever.
    let file = options.open(path)?;
    let found = file.metadata()?;
    if let Some(FileMode(mode)) = mode
        && !found.file_type().is_fifo()
    {
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    Ok((file, found.len()))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use sidewire_base::DeclaredSettings;

    use super::*;

    #[test]
    fn another_is_begun_when_it_is_time_even_if_nothing_is_written() {
        let folder = std::env::temp_dir().join(format!("sidewire-rotate-{}", std::process::id()));
        let _absent = fs::remove_dir_all(&folder);
        let path = folder.join("eve-%s.json");
        let given =
            [("filename", path.to_str().unwrap()), ("append", "yes"), ("disk-full", "drop"), ("rotate-interval", "1s")];
        let texts = given.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
        let settings = FileSinkSettings::read(&texts).unwrap();
        let mut sink = FileSink::open("regular", settings, &Arc::default()).unwrap();
        sink.write(b"one\n").unwrap();
        let files = || fs::read_dir(&folder).unwrap().count();
        assert_eq!(files(), 1);
        for _ in 0..40 {
            std::thread::park_timeout(Duration::from_millis(50));
            sink.flush().unwrap();
            if files() > 1 {
                break;
            }
        }
        assert_eq!(files(), 2, "another second, another name");
        sink.write(b"two\n").unwrap();
        let mut texts: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
        texts.sort();
        assert_eq!(texts, ["one\n", "two\n"]);
        fs::remove_dir_all(&folder).unwrap();
    }
}
