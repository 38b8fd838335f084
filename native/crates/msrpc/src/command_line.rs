//! The command line that a call makes its server run: of a service, a task, a WMI method, a DCOM member alike.
//! `native/data/rpc` says which procedure has one, and where: an argument, or what a function of this file finds.

use crate::RpcExchange;
use crate::arguments::procedure;
use crate::datum::StubValue;
use crate::functions::CommandFunction;
use crate::interfaces::CommandLine;

/// The command line of a call.
pub(crate) fn of(exchange: &RpcExchange) -> Option<String> {
    match procedure(exchange)?.command? {
        CommandLine::Argument(name) => exchange.arguments.text(name).map(str::to_owned),
        CommandLine::Found(CommandFunction::TaskAction) => task_action(exchange),
        CommandLine::Found(CommandFunction::WmiParameters) => wmi_parameters(exchange),
        CommandLine::Found(CommandFunction::AutomationMember) => automation_member(exchange),
    }
}

/// The first action of a task that is registered.
fn task_action(exchange: &RpcExchange) -> Option<String> {
    task(exchange.arguments.text("xml")?)
}

/// The parameter or property that holds it, by class: processes, jobs, services, event consumers.
fn wmi_parameters(exchange: &RpcExchange) -> Option<String> {
    let StubValue::Record(given) = exchange.arguments.get("in")? else { return None };
    ["CommandLine", "Command", "PathName", "CommandLineTemplate", "ScriptText"]
        .iter()
        .find_map(|name| given.text(name).map(str::to_owned))
}

/// The parameters of an automation member that runs something: known by its name, or by its number and a program among them.
fn automation_member(exchange: &RpcExchange) -> Option<String> {
    let dcom = exchange.dcom.as_ref()?;
    let StubValue::List(given) = exchange.arguments.get("parameters")? else { return None };
    let text = |nth: usize| given.get(nth)?.text();
    let member = dcom.method.as_deref().and_then(|method| method.rsplit('.').next()).map(str::to_ascii_lowercase);
    let wanted: &[usize] = match (member.as_deref(), dcom.dispid) {
        (Some("executeshellcommand"), _) => &[0, 2],
        (Some("shellexecute" | "ddeinitiate"), _) => &[0, 1],
        (Some("run" | "exec" | "registerxll" | "executeexcel4macro" | "executeline"), _) => &[0],
        (None, Some(EXECUTE_SHELL_COMMAND)) if text(0).is_some_and(is_program) => &[0, 2],
        (None, Some(SHELL_EXECUTE)) if text(0).is_some_and(is_program) => &[0, 1],
        _ => return None,
    };
    let pieces: Vec<_> = wanted.iter().filter_map(|nth| text(*nth)).collect();
    (!pieces.is_empty()).then(|| pieces.join(" "))
}

/// Numbers of `ExecuteShellCommand` of MMC's View and `ShellExecute` of IShellDispatch2, whatever the type of the object.
const EXECUTE_SHELL_COMMAND: i32 = 0x36;
const SHELL_EXECUTE: i32 = 0x6003_0001;

/// A text that names a program or a script, by its extension, or an interpreter without one.
fn is_program(text: &str) -> bool {
    const EXTENSIONS: [&str; 15] =
        ["exe", "com", "cmd", "bat", "ps1", "vbs", "vbe", "js", "jse", "wsf", "hta", "dll", "cpl", "msi", "scr"];
    const INTERPRETERS: [&str; 8] =
        ["cmd", "powershell", "pwsh", "mshta", "rundll32", "regsvr32", "wscript", "cscript"];
    let path = text.trim().trim_matches('"').to_ascii_lowercase();
    let name = path.rsplit(['\\', '/']).next().unwrap_or_default();
    let first = name.split_ascii_whitespace().next().unwrap_or_default();
    let by_extension = |name: &str| name.rsplit_once('.').is_some_and(|(_, extension)| EXTENSIONS.contains(&extension));
    by_extension(name) || by_extension(first) || INTERPRETERS.contains(&first) || first == "%comspec%"
}

/// The first action of a task: `<Command>` and `<Arguments>` of its XML. [MS-TSCH] 2.5.
fn task(xml: &str) -> Option<String> {
    let element = |name: &str| {
        let (_, rest) = xml.split_once(&format!("<{name}>"))?;
        let (value, _) = rest.split_once(&format!("</{name}>"))?;
        let plain =
            ["&lt;<", "&gt;>", "&quot;\"", "&apos;'", "&amp;&"].iter().fold(value.to_owned(), |text, entity| {
                let (name, character) = entity.split_at(entity.len() - 1);
                text.replace(name, character)
            });
        Some(plain.trim().to_owned())
    };
    let command = element("Command")?;
    Some(match element("Arguments") {
        Some(arguments) => format!("{command} {arguments}"),
        None => command,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_known_by_extension_or_name() {
        for program in ["cmd", "CMD.EXE", r"c:\a b\x.exe", r#""c:\x.hta""#, "powershell -nop", "%COMSPEC%", "x.cpl"] {
            assert!(is_program(program), "{program}");
        }
        for other in ["a", "", "7", r"c:\windows", "/c dir", "report.xls", "http://example.com/", "commander"] {
            assert!(!is_program(other), "{other}");
        }
    }

    #[test]
    fn a_task_runs_its_first_action() {
        let xml = "<Task><Actions><Exec><Command>cmd.exe</Command><Arguments>/C a &amp;&amp; b &gt; c</Arguments></Exec></Actions></Task>";
        assert_eq!(task(xml).as_deref(), Some("cmd.exe /C a && b > c"));
        assert_eq!(task("<Task/>"), None);
    }
}
