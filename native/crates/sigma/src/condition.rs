//! Conditions, compiled: tests are numbered, and equal ones are one.

use hashbrown::HashMap;
use sidewire_ir::{SigmaCondition, TextPattern, ValueTest};

use crate::names::{KEYWORDS, NameId, WantedNames};
use crate::test::{FieldCheck, TestScratch};
use crate::view::{EventView, FieldNaming};

/// A condition.
#[derive(Debug)]
pub(crate) enum CompiledCondition {
    All(Box<[CompiledCondition]>),
    Any(Box<[CompiledCondition]>),
    Not(Box<CompiledCondition>),
    /// A search identifier.
    Search(Box<str>, Box<CompiledCondition>),
    /// A test, by its number.
    Test(u32),
}

/// All tests of a set of rules.
#[derive(Debug, Default)]
pub(crate) struct TestTable {
    checks: Vec<FieldCheck>,
    /// Tests of text, which are those that rules share.
    known: HashMap<(NameId, Vec<TextPattern>, bool, bool), u32>,
}

impl TestTable {
    pub(crate) fn get(&self, number: u32) -> Option<&FieldCheck> {
        self.checks.get(number as usize)
    }

    pub(crate) fn len(&self) -> usize {
        self.checks.len()
    }

    /// Once all rules are in, nobody looks for equals.
    pub(crate) fn finish(&mut self) {
        self.known = HashMap::new();
        self.checks.shrink_to_fit();
    }

    /// The number of a test.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn add(&mut self, name: NameId, test: &ValueTest, names: &mut WantedNames) -> Result<u32, String> {
        let key = match test {
            ValueTest::Text { patterns, all, cased } => Some((name, patterns.clone(), *all, *cased)),
            _ => None,
        };
        if let Some(known) = key.as_ref().and_then(|key| self.known.get(key)) {
            return Ok(*known);
        }
        let number = u32::try_from(self.checks.len()).unwrap_or(u32::MAX);
        self.checks.push(FieldCheck::new(name, test, names)?);
        if let Some(key) = key {
            self.known.insert(key, number);
        }
        Ok(number)
    }

    /// # Errors
    /// What is wrong with a test.
    pub(crate) fn compile(
        &mut self,
        condition: &SigmaCondition,
        names: &mut WantedNames,
    ) -> Result<CompiledCondition, String> {
        let mut each = |of: &[SigmaCondition]| -> Result<Box<[CompiledCondition]>, String> {
            of.iter().map(|one| self.compile(one, names)).collect()
        };
        Ok(match condition {
            SigmaCondition::All { of } => CompiledCondition::All(each(of)?),
            SigmaCondition::Any { of } => CompiledCondition::Any(each(of)?),
            SigmaCondition::Not { of } => CompiledCondition::Not(Box::new(self.compile(of, names)?)),
            SigmaCondition::Search { name, of } => {
                CompiledCondition::Search(name.as_str().into(), Box::new(self.compile(of, names)?))
            }
            SigmaCondition::Field { field, test } => {
                let name = names.intern(field);
                CompiledCondition::Test(self.add(name, test, names)?)
            }
            SigmaCondition::Keywords { test } => CompiledCondition::Test(self.add(KEYWORDS, test, names)?),
        })
    }
}

impl CompiledCondition {
    /// Calls `each` with the number of every test in it.
    pub(crate) fn tests(&self, each: &mut dyn FnMut(u32)) {
        match self {
            Self::All(of) | Self::Any(of) => of.iter().for_each(|one| one.tests(each)),
            Self::Not(of) | Self::Search(_, of) => of.tests(each),
            Self::Test(number) => each(*number),
        }
    }
}

/// What tests of the event have come to: each is made once for an event.
#[derive(Debug)]
pub(crate) struct TestResults {
    /// For each naming and test: the event, and what it came to.
    results: Vec<(u32, bool)>,
    tests: usize,
    event: u32,
    pub(crate) scratch: TestScratch,
}

impl TestResults {
    pub(crate) fn new(tests: usize) -> Self {
        Self { results: vec![(0, false); tests * 2], tests, event: 0, scratch: TestScratch::default() }
    }

    /// Begins with another event.
    pub(crate) fn clear(&mut self) {
        self.event = self.event.wrapping_add(1);
        if self.event == 0 {
            self.results.fill((0, false));
            self.event = 1;
        }
    }

    pub(crate) fn holds(&mut self, table: &TestTable, number: u32, view: &EventView, naming: FieldNaming) -> bool {
        let offset = if naming == FieldNaming::Aliased { self.tests } else { 0 };
        let event = self.event;
        let Some(check) = table.get(number) else { return false };
        if let Some((known, result)) = self.results.get(offset + number as usize)
            && *known == event
        {
            return *result;
        }
        let result = check.holds(view, naming, &mut self.scratch);
        if let Some(place) = self.results.get_mut(offset + number as usize) {
            *place = (event, result);
        }
        result
    }

    /// Whether the condition holds.
    pub(crate) fn condition(
        &mut self,
        table: &TestTable,
        condition: &CompiledCondition,
        view: &EventView,
        naming: FieldNaming,
    ) -> bool {
        match condition {
            CompiledCondition::All(of) => of.iter().all(|one| self.condition(table, one, view, naming)),
            CompiledCondition::Any(of) => of.iter().any(|one| self.condition(table, one, view, naming)),
            CompiledCondition::Not(of) => !self.condition(table, of, view, naming),
            CompiledCondition::Search(_, of) => self.condition(table, of, view, naming),
            CompiledCondition::Test(number) => self.holds(table, *number, view, naming),
        }
    }
}

/// Whether the condition holds for every event of which only some fields are known; `None` when that depends on others.
/// `test` says what a test comes to, where it is known.
pub(crate) fn decide(condition: &CompiledCondition, test: &mut dyn FnMut(u32) -> Option<bool>) -> Option<bool> {
    match condition {
        CompiledCondition::All(of) => {
            let mut all = Some(true);
            for one in of {
                match decide(one, test) {
                    Some(false) => return Some(false),
                    Some(true) => {}
                    None => all = None,
                }
            }
            all
        }
        CompiledCondition::Any(of) => {
            let mut any = Some(false);
            for one in of {
                match decide(one, test) {
                    Some(true) => return Some(true),
                    Some(false) => {}
                    None => any = None,
                }
            }
            any
        }
        CompiledCondition::Not(of) => decide(of, test).map(|holds| !holds),
        CompiledCondition::Search(_, of) => decide(of, test),
        CompiledCondition::Test(number) => test(*number),
    }
}
