package core

import (
	"log/slog"
	"strings"
	"time"
)

// LogRecord is a line of a master's own log, as the system log keeps it.
type LogRecord struct {
	// ID begins with At, as the id of a run does with its due instant.
	ID      string
	At      time.Time
	Level   LogLevel
	Node    string // the master's name
	Message string
	// Attributes are what the line says beside its message, as key=value, with blanks between.
	Attributes string
}

// LogLevel is how grave a line is.
type LogLevel string

// The levels, from the least.
const (
	LogDebug LogLevel = "Debug"
	LogInfo  LogLevel = "Info"
	LogWarn  LogLevel = "Warn"
	LogError LogLevel = "Error"
)

// LogLevels are all levels, from the least.
func LogLevels() []LogLevel { return []LogLevel{LogDebug, LogInfo, LogWarn, LogError} }

// LogLevelOf is the level of a line of slog's.
func LogLevelOf(l slog.Level) LogLevel {
	switch {
	case l >= slog.LevelError:
		return LogError
	case l >= slog.LevelWarn:
		return LogWarn
	case l >= slog.LevelInfo:
		return LogInfo
	}
	return LogDebug
}

// Slog is the level as slog has it.
func (l LogLevel) Slog() slog.Level {
	switch l {
	case LogError:
		return slog.LevelError
	case LogWarn:
		return slog.LevelWarn
	case LogInfo:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

// The limits of a kept line, in bytes; what is longer is cut.
const (
	MaxLogMessage    = 2000
	MaxLogAttributes = 8000
)

// Holds says whether a line has a text in it, in any case.
func (r *LogRecord) Holds(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(strings.ToLower(r.Message), text) || strings.Contains(strings.ToLower(r.Attributes), text)
}
