//! Holds the engines behind one trait, each set up for "acknowledged means durable".
//! It never tunes one of them further than its own documentation suggests for that.
//! The writer and the verifier open one by name.

use std::fs;
use std::path::Path;
use std::time::Instant;

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use rusqlite::{Connection, OptionalExtension, params};
use vigie_store::{Durability, EventBudget, FileMedium, Kind, Log, Options};

use crate::Outcome;

pub trait Engine {
    fn append(&mut self, event: &[u8]) -> Outcome<()>;
    fn update(&mut self, key: &[u8; 8], value: &[u8]) -> Outcome<()>;
    fn commit(&mut self) -> Outcome<()>;
    fn events(&mut self) -> Outcome<Vec<Vec<u8>>>;
    fn device(&mut self, key: &[u8]) -> Outcome<Option<Vec<u8>>>;
}

pub fn open(name: &str, path: &Path) -> Outcome<Box<dyn Engine>> {
    match name {
        "vigie-store" => Ok(Box::new(Ours::open(path)?)),
        "sqlite" => Ok(Box::new(Sqlite::open(path)?)),
        "redb" => Ok(Box::new(Redb::open(path)?)),
        _ => Err(format!("no engine {name}").into()),
    }
}

struct Ours {
    log: Log<FileMedium>,
    started: Instant,
}

const EVENT: Kind = Kind { id: 1, version: 1 };
const DEVICE: Kind = Kind { id: 2, version: 1 };

impl Ours {
    fn open(path: &Path) -> Outcome<Ours> {
        let events = vec![EventBudget { kind: EVENT.id, max_bytes: 2 << 20 }];
        let (log, report) = Log::open(FileMedium::open(path)?, Options { events, ..Options::default() })?;
        if !report.is_clean() {
            return Err(format!("{report:?}").into());
        }
        Ok(Ours { log, started: Instant::now() })
    }

    fn now_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }
}

impl Engine for Ours {
    fn append(&mut self, event: &[u8]) -> Outcome<()> {
        self.log.append(self.now_ms(), EVENT, event, Durability::Batch)?;
        Ok(())
    }

    fn update(&mut self, key: &[u8; 8], value: &[u8]) -> Outcome<()> {
        self.log.put(self.now_ms(), DEVICE, key, value, Durability::Batch)?;
        Ok(())
    }

    fn commit(&mut self) -> Outcome<()> {
        self.log.commit(self.now_ms())?;
        // As the service does when idle.
        if self.log.needs_maintenance() {
            self.log.maintain(self.now_ms())?;
        }
        Ok(())
    }

    fn events(&mut self) -> Outcome<Vec<Vec<u8>>> {
        let mut events = Vec::new();
        self.log.events(EVENT, 0, usize::MAX, &mut |record| events.push(record.value.to_vec()))?;
        Ok(events)
    }

    fn device(&mut self, key: &[u8]) -> Outcome<Option<Vec<u8>>> {
        let mut value = Vec::new();
        Ok(self.log.get(DEVICE, key, &mut value)?.map(|_| value))
    }
}

struct Sqlite(Connection);

impl Sqlite {
    fn open(path: &Path) -> Outcome<Sqlite> {
        fs::create_dir_all(path)?;
        let database = Connection::open(path.join("sqlite.db"))?;
        database.pragma_update(None, "journal_mode", "WAL")?;
        database.pragma_update(None, "synchronous", "FULL")?;
        database.execute_batch(
            "CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, data BLOB);
             CREATE TABLE IF NOT EXISTS devices (key BLOB PRIMARY KEY, data BLOB) WITHOUT ROWID;",
        )?;
        Ok(Sqlite(database))
    }

    fn begin(&mut self) -> Outcome<()> {
        if self.0.is_autocommit() {
            self.0.execute_batch("BEGIN IMMEDIATE")?;
        }
        Ok(())
    }
}

impl Engine for Sqlite {
    fn append(&mut self, event: &[u8]) -> Outcome<()> {
        self.begin()?;
        self.0.prepare_cached("INSERT INTO events (data) VALUES (?1)")?.execute([event])?;
        Ok(())
    }

    fn update(&mut self, key: &[u8; 8], value: &[u8]) -> Outcome<()> {
        self.begin()?;
        let sql = "INSERT INTO devices VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET data = excluded.data";
        self.0.prepare_cached(sql)?.execute(params![&key[..], value])?;
        Ok(())
    }

    fn commit(&mut self) -> Outcome<()> {
        self.0.execute_batch("COMMIT")?;
        Ok(())
    }

    fn events(&mut self) -> Outcome<Vec<Vec<u8>>> {
        let mut statement = self.0.prepare("SELECT data FROM events ORDER BY id")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn device(&mut self, key: &[u8]) -> Outcome<Option<Vec<u8>>> {
        Ok(self.0.query_row("SELECT data FROM devices WHERE key = ?1", [key], |row| row.get(0)).optional()?)
    }
}

const EVENTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("events");
const DEVICES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("devices");

struct Redb {
    database: Database,
    next: u64,
    events: Vec<Vec<u8>>,
    devices: Vec<([u8; 8], Vec<u8>)>,
}

impl Redb {
    fn open(path: &Path) -> Outcome<Redb> {
        fs::create_dir_all(path)?;
        let database = Database::create(path.join("redb.db"))?;
        Ok(Redb { database, next: 0, events: Vec::new(), devices: Vec::new() })
    }
}

impl Engine for Redb {
    fn append(&mut self, event: &[u8]) -> Outcome<()> {
        self.events.push(event.to_vec());
        Ok(())
    }

    fn update(&mut self, key: &[u8; 8], value: &[u8]) -> Outcome<()> {
        self.devices.push((*key, value.to_vec()));
        Ok(())
    }

    fn commit(&mut self) -> Outcome<()> {
        let transaction = self.database.begin_write()?;
        {
            let mut table = transaction.open_table(EVENTS)?;
            for event in self.events.drain(..) {
                table.insert(self.next, event.as_slice())?;
                self.next += 1;
            }
            let mut table = transaction.open_table(DEVICES)?;
            for (key, value) in self.devices.drain(..) {
                table.insert(&key[..], value.as_slice())?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    fn events(&mut self) -> Outcome<Vec<Vec<u8>>> {
        let table = self.database.begin_read()?.open_table(EVENTS)?;
        let rows = table.iter()?.map(|row| row.map(|(_, value)| value.value().to_vec()));
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn device(&mut self, key: &[u8]) -> Outcome<Option<Vec<u8>>> {
        let table = self.database.begin_read()?.open_table(DEVICES)?;
        Ok(table.get(key)?.map(|value| value.value().to_vec()))
    }
}
