//! Holds a throw-away ext4 on a loop device, and the kernel's counters of what it was asked to write.
//! It never touches a device it did not make.
//! The benchmark makes one for each engine and pace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;

/// What the block device counted since it was made.
#[derive(Clone, Copy, Debug)]
pub struct Counters {
    pub read_bytes: u64,
    pub written_bytes: u64,
    pub flushes: u64,
}

/// A mounted file system that vanishes with the value.
pub struct Device {
    folder: PathBuf,
    name: String,
    options: &'static str,
}

impl Device {
    /// Makes one, mounted with these options.
    pub fn make(options: &'static str) -> Outcome<Device> {
        let folder = std::env::temp_dir().join(format!("vigie-bench-store-{}", std::process::id()));
        let image = folder.join("image");
        fs::create_dir_all(folder.join("mount"))?;
        fs::File::create(&image)?.set_len(512 << 20)?;
        // No lazy initialisation: the kernel would write into the measurement.
        let lazy = "lazy_itable_init=0,lazy_journal_init=0";
        run("mkfs.ext4", &["-q", "-F", "-b", "4096", "-J", "size=16", "-E", lazy, text(&image)])?;
        Device::attach(folder, options)
    }

    /// What is on the block device right now, as another device: the power went and came back.
    pub fn copy_as_cut(&self) -> Outcome<Device> {
        let folder = self.folder.with_extension("cut");
        fs::create_dir_all(folder.join("mount"))?;
        run("cp", &["--sparse=always", text(&self.folder.join("image")), text(&folder.join("image"))])?;
        Device::attach(folder, self.options)
    }

    fn attach(folder: PathBuf, options: &'static str) -> Outcome<Device> {
        let device = run("losetup", &["--find", "--show", text(&folder.join("image"))])?;
        let name = device.trim().trim_start_matches("/dev/").to_owned();
        let device = Device { folder, name, options };
        device.mount()?;
        Ok(device)
    }

    pub fn path(&self) -> PathBuf {
        self.folder.join("mount").join("data")
    }

    fn mount(&self) -> Outcome<()> {
        let (from, to) = (format!("/dev/{}", self.name), self.folder.join("mount"));
        run("mount", &["-o", self.options, &from, text(&to)])?;
        Ok(())
    }

    /// Unmounts and mounts again, so that nothing is cached.
    pub fn remount(&mut self) -> Outcome<()> {
        run("umount", &[text(&self.folder.join("mount"))])?;
        self.mount()
    }

    /// Writes back everything and returns the counters.
    pub fn settle(&mut self) -> Outcome<Counters> {
        run("sync", &["-f", text(&self.folder.join("mount"))])?;
        self.counters()
    }

    /// See `Documentation/block/stat.rst`: sectors of 512 bytes read are field 3, written field 7; flushes field 16.
    pub fn counters(&self) -> Outcome<Counters> {
        let line = fs::read_to_string(format!("/sys/block/{}/stat", self.name))?;
        let fields: Vec<u64> = line.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        let field = |at: usize| fields.get(at).copied().ok_or("the kernel counts no flushes");
        Ok(Counters { read_bytes: field(2)? * 512, written_bytes: field(6)? * 512, flushes: field(15)? })
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        let _ = run("umount", &[text(&self.folder.join("mount"))]);
        let _ = run("losetup", &["--detach", &format!("/dev/{}", self.name)]);
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}

fn run(program: &str, arguments: &[&str]) -> Outcome<String> {
    let output = Command::new(program).args(arguments).output()?;
    if !output.status.success() {
        return Err(format!("{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
