package core

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Settings are the values an administrator may change while Carillon runs.
type Settings struct {
	HTTPRequestTimeout   time.Duration // of a callback that names none
	DelayPattern         DelayPattern
	DelayRetryTimes      int           // retries of a delayed task
	DelayRetrySpan       time.Duration // retry n waits n spans
	DelaySuccessContains string        // what a delayed task's answer must hold; empty: any body will do
	RetentionAge         time.Duration // finished runs older than this are deleted; 0 keeps all
	RetentionCount       int           // finished runs kept per task; 0 keeps all
	RetentionLog         time.Duration // lines of the system log older than this are deleted; 0 keeps all
	LogLevel             LogLevel      // least level of the lines that the system log keeps
	RetentionAudit       time.Duration // entries of the audit older than this are deleted; 0 keeps all
	SMTPServer           string
	SMTPPort             int
	SMTPFrom             string
	SMTPPassword         string
	ImagePullPolicy      string
	UnhealthTimes        int // heartbeats that a worker may miss before it counts as gone
}

// WorkerLease is how long a worker counts as alive after a heartbeat: the heartbeats it may miss and a second more.
func (s *Settings) WorkerLease() time.Duration {
	return time.Duration(s.UnhealthTimes)*HeartbeatEvery + time.Second
}

// DelayPattern says which of a delayed task's two times counts.
type DelayPattern string

// The delay patterns, in ScheduleMaster's spelling.
const (
	DelayRelative DelayPattern = "Relative" // DelayTimeSpan seconds from now
	DelayAbsolute DelayPattern = "Absolute" // the instant DelayAbsoluteTime
)

// SettingSpec describes one setting: the name administrators know, its default, and how it is read into Settings.
type SettingSpec struct {
	Name    string
	Default string
	Help    string
	Secret  bool
	// Choices are the values that it may have; nil for one that is written freely.
	Choices []string
	read    func(spec *SettingSpec, s *Settings, value string) error
}

// SettingSpecs are all settings. The names are ScheduleMaster's where it has the setting.
func SettingSpecs() []SettingSpec {
	return []SettingSpec{
		{Name: "Http_RequestTimeout", Default: "10", Help: "seconds a callback may take when it names no timeout",
			read: intoSeconds(1, 86400, func(s *Settings, d time.Duration) { s.HTTPRequestTimeout = d })},
		{Name: "DelayTask_DelayPattern", Default: string(DelayRelative), Help: "which time of a delayed task counts: Relative (seconds from now) or Absolute",
			Choices: []string{string(DelayRelative), string(DelayAbsolute)},
			read:    intoChoice(func(s *Settings, v string) { s.DelayPattern = DelayPattern(v) })},
		{Name: "DelayTask_RetryTimes", Default: "3", Help: "retries of a delayed task",
			read: intoInt(0, MaxRetries, func(s *Settings, n int) { s.DelayRetryTimes = n })},
		{Name: "DelayTask_RetrySpans", Default: "10", Help: "seconds; retry n of a delayed task waits n times as long",
			read: intoSeconds(1, 86400, func(s *Settings, d time.Duration) { s.DelayRetrySpan = d })},
		{Name: "DelayTask_SuccessContains", Default: "success", Help: "text that the answer to a delayed task must hold beside a 2xx status; empty: none",
			read: intoText(200, func(s *Settings, v string) { s.DelaySuccessContains = v })},
		{Name: "Retention_Days", Default: "30", Help: "days that finished runs are kept; 0 keeps them for ever",
			read: intoInt(0, 36500, func(s *Settings, n int) { s.RetentionAge = time.Duration(n) * 24 * time.Hour })},
		{Name: "Retention_RunsPerTask", Default: "10000", Help: "finished runs kept of each task; 0 keeps all",
			read: intoInt(0, 100_000_000, func(s *Settings, n int) { s.RetentionCount = n })},
		{Name: "Retention_AuditDays", Default: "365", Help: "days that the audit is kept; 0 keeps it for ever",
			read: intoInt(0, 36500, func(s *Settings, n int) { s.RetentionAudit = time.Duration(n) * 24 * time.Hour })},
		{Name: "Retention_SystemLogDays", Default: "14", Help: "days that the system log is kept; 0 keeps it for ever",
			read: intoInt(0, 36500, func(s *Settings, n int) { s.RetentionLog = time.Duration(n) * 24 * time.Hour })},
		{Name: "System_LogLevel", Default: "Info", Help: "which lines of the masters' own log the system log keeps: Debug, Info, Warn or Error and above",
			Choices: []string{"Debug", "Info", "Warn", "Error"},
			read:    intoChoice(func(s *Settings, v string) { s.LogLevel = LogLevel(v) })},
		{Name: "Email_SmtpServer", Help: "host name of the mail server; empty sends no mail",
			read: intoText(200, func(s *Settings, v string) { s.SMTPServer = v })},
		{Name: "Email_SmtpPort", Default: "25", Help: "port of the mail server",
			read: intoInt(1, 65535, func(s *Settings, n int) { s.SMTPPort = n })},
		{Name: "Email_FromAccount", Help: "address that mail is sent from and signed in with",
			read: intoText(200, func(s *Settings, v string) { s.SMTPFrom = v })},
		{Name: "Email_FromAccountPwd", Help: "password of that account", Secret: true,
			read: intoText(200, func(s *Settings, v string) { s.SMTPPassword = v })},
		{Name: "Assembly_ImagePullPolicy", Default: "Always", Help: "when workers fetch a plugin package: Always or IfNotPresent",
			Choices: []string{"Always", "IfNotPresent"},
			read:    intoChoice(func(s *Settings, v string) { s.ImagePullPolicy = v })},
		{Name: "System_WorkerUnHealthTimes", Default: "3", Help: "heartbeats (one every 3 s) that a worker may miss before it counts as gone",
			read: intoInt(2, 20, func(s *Settings, n int) { s.UnhealthTimes = n })},
	}
}

// ReadSettings builds Settings from stored values; a name not stored has its default. So has one whose stored value cannot
// be read, whatever somebody wrote into the table: it is among the unreadable, by name, with the error that says why.
func ReadSettings(stored map[string]string) (s Settings, unreadable map[string]error) {
	for _, spec := range SettingSpecs() {
		_ = spec.into(&s, spec.Default) // a test says that each can be read
		value, ok := stored[spec.Name]
		if !ok {
			continue
		}
		if err := spec.into(&s, value); err != nil {
			if unreadable == nil {
				unreadable = map[string]error{}
			}
			unreadable[spec.Name] = err
		}
	}
	return s, unreadable
}

// CheckSetting checks one new value. The name must be one of SettingSpecs.
func CheckSetting(name, value string) error {
	for _, spec := range SettingSpecs() {
		if spec.Name != name {
			continue
		}
		return spec.into(new(Settings), value)
	}
	return Broken(name, "is not a setting")
}

// into reads a value into s. An error names the setting.
func (spec *SettingSpec) into(s *Settings, value string) error {
	err := spec.read(spec, s, value)
	if e, ok := errors.AsType[*Error](err); ok {
		e.Field = spec.Name
	}
	return err
}

func intoInt(least, most int, set func(*Settings, int)) func(*SettingSpec, *Settings, string) error {
	return func(_ *SettingSpec, s *Settings, value string) error {
		n, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil || n < least || n > most {
			return Broken("", "must be a whole number from %d to %d", least, most)
		}
		set(s, n)
		return nil
	}
}

func intoSeconds(least, most int, set func(*Settings, time.Duration)) func(*SettingSpec, *Settings, string) error {
	return intoInt(least, most, func(s *Settings, n int) { set(s, time.Duration(n)*time.Second) })
}

func intoText(most int, set func(*Settings, string)) func(*SettingSpec, *Settings, string) error {
	return func(_ *SettingSpec, s *Settings, value string) error {
		if err := checkText("", value, 0, most); err != nil {
			return err
		}
		set(s, value)
		return nil
	}
}

func intoChoice(set func(*Settings, string)) func(*SettingSpec, *Settings, string) error {
	return func(spec *SettingSpec, s *Settings, value string) error {
		for _, c := range spec.Choices {
			if strings.EqualFold(c, value) {
				set(s, c)
				return nil
			}
		}
		return Broken("", "must be one of %s", strings.Join(spec.Choices, ", "))
	}
}
