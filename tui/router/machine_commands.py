"""Commands of the registry about the machine: what it is, how it is, when it was started."""

from tui.router import (
    bag_facts,
    file_facts,
    hardware_facts,
    system_facts,
    unit_facts,
    vpn_facts,
)
from tui.router.registry import allow, shell

HOSTNAME = allow("hostname", ("hostname",), system_facts.read_words)
UNAME = allow("uname", ("uname", "-a"), system_facts.read_words)
OS_RELEASE = allow("os_release", ("cat", "/etc/os-release"), system_facts.read_values)
CLOUDSTACK_RELEASE = allow(
    "cloudstack_release", ("cat", "/etc/cloudstack-release"), system_facts.read_words
)
CMDLINE = allow("cmdline", ("cat", "/var/cache/cloud/cmdline"), bag_facts.read_boot_parameters)
SCRIPTS_SIGNATURE = allow(
    "scripts_signature",
    ("cat", "/var/cache/cloud/cloud-scripts-signature"),
    system_facts.read_words,
)
PACKAGES = allow(
    "packages",
    (
        "dpkg-query",
        "-W",
        "strongswan",
        "strongswan-starter",
        "strongswan-charon",
        "libstrongswan",
        "libstrongswan-extra-plugins",
        "libcharon-extra-plugins",
        "libstrongswan-standard-plugins",
        "xl2tpd",
        "ppp",
        "rsyslog",
        "systemd",
        "iptables",
        "tdb-tools",
        "linux-image-amd64",
    ),
    hardware_facts.read_versions,
    statuses=(0, 1),
)
DATE = allow("date", ("date", "-u", "+%s.%N"), system_facts.read_clock)
UPTIME = allow("uptime", ("uptime",), system_facts.read_words)
PROC_UPTIME = allow("proc_uptime", ("cat", "/proc/uptime"), system_facts.read_uptime)
BOOT_UP_DONE = allow(
    "boot_up_done",
    shell("cat /var/cache/cloud/boot_up_done; cat /proc/sys/kernel/random/boot_id"),
    hardware_facts.read_boot_mark,
)
JOURNAL_BOOTS = allow(
    "journal_boots", ("journalctl", "--list-boots", "--no-pager"), hardware_facts.read_boots
)
CHECKROUTER = allow(
    "checkrouter", ("/opt/cloud/bin/checkrouter.sh",), vpn_facts.read_redundancy, seconds=20
)

LOADAVG = allow("loadavg", ("cat", "/proc/loadavg"), system_facts.read_load)
NPROC = allow("nproc", ("nproc",), system_facts.read_count)
FREE = allow("free", ("free", "-b"), system_facts.read_memory)
MEMINFO = allow("meminfo", ("cat", "/proc/meminfo"), hardware_facts.read_sizes)
DF = allow("df", ("df", "-B1"), system_facts.read_file_systems, statuses=(0, 1))
DF_INODES = allow("df_inodes", ("df", "-i"), file_facts.read_inodes, statuses=(0, 1))
MOUNTS = allow("mounts", ("cat", "/proc/mounts"), file_facts.read_mounts)
PROC_STAT = allow("proc_stat", shell("head -4 /proc/stat"), hardware_facts.read_cpu_times)
PRESSURE = allow(
    "pressure",
    shell("head /proc/pressure/cpu /proc/pressure/memory /proc/pressure/io"),
    hardware_facts.read_pressure,
    statuses=(0, 1),
)
VIRT = allow("virt", ("systemd-detect-virt",), system_facts.read_words, statuses=(0, 1))
CPUINFO = allow(
    "cpuinfo",
    shell("grep -m2 'model name\\|flags' /proc/cpuinfo"),
    hardware_facts.read_processor,
)
CPU_AES = allow(
    "cpu_aes",
    shell("grep -m1 -o -w aes /proc/cpuinfo"),
    hardware_facts.read_presence,
    statuses=(0, 1),
)
CRYPTO_CBC_AES = allow(
    "crypto_cbc_aes",
    shell(
        "grep -A1 -E 'name +: (cbc\\(aes\\)|authenc\\(hmac\\(sha1\\),cbc\\(aes\\)\\))$'"
        " /proc/crypto"
    ),
    hardware_facts.read_drivers,
    statuses=(0, 1),
)
CRYPTO_NAMES = allow(
    "crypto_names",
    shell("awk '/^name/{n=$3} /^driver/{d=$3} /^priority/{print n, d, $3}' /proc/crypto"),
    hardware_facts.read_ciphers,
)
LSMOD = allow(
    "lsmod",
    shell("lsmod | grep -i 'l2tp\\|ppp\\|xfrm\\|esp\\|ah4\\|aes\\|sha\\|nf_conntrack \\|authenc'"),
    hardware_facts.read_modules,
    statuses=(0, 1),
)
DMESG_TAIL = allow("dmesg_tail", shell("dmesg | tail -15"), system_facts.read_log_lines)

CLOCKSOURCE = allow(
    "clocksource",
    ("cat", "/sys/devices/system/clocksource/clocksource0/current_clocksource"),
    system_facts.read_words,
)
NTPQ = allow("ntpq", ("ntpq", "-pn"), hardware_facts.read_time_servers, statuses=(0, 1))
TIMEDATECTL_NTP = allow(
    "timedatectl_ntp",
    ("timedatectl", "show", "-p", "NTPSynchronized", "-p", "NTP", "-p", "Timezone"),
    system_facts.read_values,
)

SYSTEMCTL_IS_ACTIVE = allow(
    "systemctl_is_active",
    ("systemctl", "is-active", *unit_facts.SERVICES),
    unit_facts.read_service_states,
    statuses=(0, 3, 4),
)
SYSTEMCTL_SHOW = allow(
    "systemctl_show",
    (
        "systemctl",
        "show",
        *(
            word
            for name in (
                "Id",
                "LoadState",
                "ActiveState",
                "SubState",
                "MainPID",
                "Result",
                "ExecMainStatus",
                "ExecMainCode",
                "ActiveEnterTimestamp",
                "InactiveEnterTimestamp",
                "NRestarts",
                "UnitFileState",
                "FragmentPath",
            )
            for word in ("-p", name)
        ),
        *unit_facts.SERVICES,
    ),
    unit_facts.read_units,
)
SYSTEMCTL_TIME_UNITS = allow(
    "systemctl_time_units",
    ("systemctl", "is-active", *unit_facts.TIME_SERVICES),
    unit_facts.read_time_service_states,
    statuses=(0, 3, 4),
)
SYSTEMCTL_FAILED = allow(
    "systemctl_failed",
    ("systemctl", "--failed", "--no-legend", "--plain", "--no-pager"),
    unit_facts.read_failed_units,
)

BAG_CMDLINE = allow(
    "bag_cmdline",
    ("cat", "/etc/cloudstack/cmdline.json"),
    bag_facts.read_boot_bag,
    statuses=(0, 1),
)
BAGS_LS = allow(
    "bags_ls",
    shell(
        "ls -la --time-style=full-iso /etc/cloudstack /var/cache/cloud /var/cache/cloud/processed"
    ),
    file_facts.read_listing,
    statuses=(0, 1, 2),
)
LS_VAR_LOG = allow(
    "ls_var_log",
    ("ls", "-la", "--time-style=full-iso", "/var/log"),
    file_facts.read_listing,
    statuses=(0, 1),
)
SSHD_LISTEN = allow(
    "sshd_listen",
    shell(
        "grep -E '^(Port|ListenAddress|PermitRootLogin|PasswordAuthentication)'"
        " /etc/ssh/sshd_config"
    ),
    vpn_facts.read_options,
    statuses=(0, 1),
)
DAEMON_LOG_STAT = allow(
    "daemon_log_stat",
    (
        "stat",
        "-c",
        "%n %i %s %Y",
        "/var/log/daemon.log",
        "/var/log/messages",
        "/var/log/cloud.log",
        "/var/log/auth.log",
    ),
    system_facts.read_log_files,
    statuses=(0, 1),
)
