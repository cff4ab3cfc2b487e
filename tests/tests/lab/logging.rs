//! Holds the promise of the log host: a real rsyslogd takes every line of the service, over UDP and over TCP, as what it is.
//! Never speaks to anything outside its namespace. Needs the lab's packages, not the lab.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use vigie_tests::appliance::Home;
use vigie_tests::lab::{Lab, Rights};
use vigie_tests::patience::{check, eventually};

const RSYSLOGD: &str = "/usr/sbin/rsyslogd";
/// rsyslogd starts, takes what waits and flushes its file.
const ARRIVAL: Duration = Duration::from_secs(60);

/// A running rsyslogd.
struct Receiver(Child);

impl Receiver {
    /// Starts it in the appliance's namespace; each line it takes becomes one of `file`, its parts between bars.
    fn start(lab: &Lab, folder: &Path, file: &Path) -> Self {
        let (config, pid) = (folder.join("rsyslog.conf"), folder.join("rsyslog.pid"));
        let words = format!(
            "global(workDirectory=\"{folder}\" net.enableDNS=\"off\")\n\
             module(load=\"imudp\")\nmodule(load=\"imtcp\")\n\
             template(name=\"parts\" type=\"string\" string=\"%syslogfacility-text%|%syslogseverity-text%|%app-name%|\
             %procid%|%protocol-version%|%structured-data%|%msg%\\n\")\n\
             input(type=\"imudp\" address=\"127.0.0.1\" port=\"5514\")\n\
             input(type=\"imtcp\" address=\"127.0.0.1\" port=\"5514\")\n\
             *.* action(type=\"omfile\" file=\"{file}\" template=\"parts\")\n",
            folder = folder.display(),
            file = file.display(),
        );
        fs::write(&config, words).expect("a file can be written");
        let mut command: Command = lab.command(Rights::Root, Path::new(RSYSLOGD));
        command.arg("-n").arg("-f").arg(&config).arg("-i").arg(&pid).stdin(Stdio::null()).stdout(Stdio::null());
        Self(command.spawn().expect("rsyslogd starts: tests/install lab"))
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

fn hear(transport: &str, host: &str) {
    let lab = Lab::bare();
    let home = Home::new(Rights::Root, &format!("[log]\nsyslog = \"{transport}://{host}:5514\"\n"));
    home.set_up(&lab);
    let file = home.path().join("received");
    // The service is there first: over TCP what it said before anybody listened arrives too.
    let appliance = home.start(&lab);
    let receiver = Receiver::start(&lab, home.path(), &file);
    let own = home.log().lines().next().map(str::to_owned).unwrap_or_default();
    let wrong = serde_json::json!({"username": "eve", "password": "x"});
    let lines = eventually("the log arrives", ARRIVAL, || {
        // A datagram that nobody took is lost, and the next one goes when there is something to say.
        if transport == "udp" {
            let _refused = appliance.api.ask("POST", "/api/token", Some(&wrong));
        }
        let text = fs::read_to_string(&file).unwrap_or_default();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        check(!lines.is_empty(), format!("nothing; the service began with: {own}")).map(|()| lines)
    });
    for line in &lines {
        let parts: Vec<&str> = line.splitn(7, '|').collect();
        let [facility, severity, program, process, version, data, words] = parts[..] else { panic!("{line}") };
        assert_eq!((facility, program, version), ("daemon", "vigie", "1"), "{line}");
        assert!(["err", "warning", "info", "debug"].contains(&severity), "{line}");
        assert!(process.parse::<u32>().is_ok() && data.starts_with("[meta sequenceId=\""), "{line}");
        assert!(words.trim_start().starts_with("vigie"), "{line}");
    }
    // What is said from now on arrives as well: the end of a log-in that failed.
    let before = lines.len();
    let refused = appliance.api.ask("POST", "/api/token", Some(&wrong));
    assert!(refused.is_ok(), "{refused:?}");
    appliance.stop();
    eventually("the last words arrive", ARRIVAL, || {
        let text = fs::read_to_string(&file).unwrap_or_default();
        check(text.lines().count() > before && text.contains("stopping"), text)
    });
    drop(receiver);
}

#[test]
#[ignore = "needs rsyslogd"]
fn rsyslogd_takes_the_log_over_udp() {
    hear("udp", "127.0.0.1");
}

#[test]
#[ignore = "needs rsyslogd"]
fn rsyslogd_takes_the_log_over_tcp() {
    // By its name, which the confined service looks up itself.
    hear("tcp", "localhost");
}
