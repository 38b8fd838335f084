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

/// The parameters of an automation member that runs something.
fn automation_member(exchange: &RpcExchange) -> Option<String> {
    let method = exchange.dcom.as_ref()?.method.as_deref()?;
    let member = method.rsplit('.').next()?.to_ascii_lowercase();
    let StubValue::List(given) = exchange.arguments.get("parameters")? else { return None };
    let wanted: &[usize] = match member.as_str() {
        "executeshellcommand" => &[0, 2],
        "shellexecute" | "ddeinitiate" => &[0, 1],
        "run" | "exec" | "registerxll" | "executeexcel4macro" => &[0],
        _ => return None,
    };
    let pieces: Vec<_> = wanted.iter().filter_map(|nth| given.get(*nth)?.text()).collect();
    (!pieces.is_empty()).then(|| pieces.join(" "))
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
    fn a_task_runs_its_first_action() {
        let xml = "<Task><Actions><Exec><Command>cmd.exe</Command><Arguments>/C a &amp;&amp; b &gt; c</Arguments></Exec></Actions></Task>";
        assert_eq!(task(xml).as_deref(), Some("cmd.exe /C a && b > c"));
        assert_eq!(task("<Task/>"), None);
    }
}
