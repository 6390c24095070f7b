package messages

import (
	"fmt"
	"strings"

	"github.com/carillonhq/carillon/core"
)

// Error says err in a language. The name of the field leads, as in core.Error.Error.
func Error(lang Language, err *core.Error) string {
	if lang != Chinese {
		return err.Error()
	}
	text := Text(lang, err.Format, err.Args...)
	if err.Field == "" {
		return text
	}
	return err.Field + "：" + text
}

// Key is an English text that is said later, where the language is known: by Text.
type Key string

// Text says an English format and its arguments in a language.
func Text(lang Language, format string, args ...any) string {
	if lang == Chinese {
		if translated, ok := catalogue[format]; ok {
			args = translateArgs(format, args)
			format = translated
		}
	}
	if len(args) == 0 && !strings.Contains(format, "%") {
		return format
	}
	return fmt.Sprintf(format, args...)
}

// translateArgs gives the arguments of a format in Chinese: states have names of their own, and so has what is said of a
// cron expression. Other arguments are what somebody wrote and stay as they are.
func translateArgs(format string, args []any) []any {
	translated := make([]any, len(args))
	for i, arg := range args {
		if name, ok := chineseName(arg); ok {
			translated[i] = name
			continue
		}
		switch v := arg.(type) {
		case *core.Error:
			arg = Error(Chinese, v)
		case string:
			if format == cronFormat {
				arg = cronText(v)
			}
		}
		translated[i] = arg
	}
	return translated
}
