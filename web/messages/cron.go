package messages

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// cronFormat says why a cron expression is refused: the field, what stands there, and what would be right. Package cron
// gives the first and the last as text, so they are translated as text.
const cronFormat = "%s is %q, want %s"

// cronText gives what package cron says in Chinese. Text that it does not know, such as the expression itself, stays as it
// is.
func cronText(text string) string {
	if name, ok := cronFields[text]; ok {
		return name
	}
	for _, p := range cronPatterns() {
		found := p.english.FindStringSubmatch(text)
		if found == nil {
			continue
		}
		parts := make([]any, len(found)-1)
		for i, part := range found[1:] {
			parts[i] = cronText(part)
		}
		return fmt.Sprintf(p.chinese, parts...)
	}
	return text
}

// cronFields are the names of the fields of an expression.
var cronFields = map[string]string{
	"expression":   "表达式",
	"second":       "“秒”字段",
	"minute":       "“分”字段",
	"hour":         "“时”字段",
	"day of month": "“日”字段",
	"month":        "“月”字段",
	"day of week":  "“周”字段",
	"year":         "“年”字段",
}

// cronPhrases are what may be wanted of an expression. The verbs stand where the English text has parts of its own; in
// the Chinese text, where they come in the same order, each is %s.
var cronPhrases = []struct{ english, chinese string }{
	{"%s instead of %q", "%s，而不是 %s"},
	{"at most %d characters, not %d", "最多 %s 个字符，而不是 %s 个"},
	{"six or seven fields: second minute hour day-of-month month day-of-week [year]; it has five: put the second in front, and ? in one of the two day fields",
		"六个或七个字段：秒 分 时 日 月 周 [年]；现在只有五个：请在最前面补上秒，并在“日”“周”两个字段之一写 ?"},
	{"six or seven fields: second minute hour day-of-month month day-of-week [year]; it has %d",
		"六个或七个字段：秒 分 时 日 月 周 [年]；现在有 %s 个"},
	{"0 to 59, *, or a list, range or step of them", "0 到 59、*，或由它们组成的列表、范围、步长"},
	{"0 to 23, *, or a list, range or step of them", "0 到 23、*，或由它们组成的列表、范围、步长"},
	{"1 to 31, *, L, LW, L-n, L-nW, nW, a list, range or step, or ? alone",
		"1 到 31、*、L、LW、L-n、L-nW、nW，或列表、范围、步长，或单独一个 ?"},
	{"1 to 12, JAN to DEC, *, or a list, range or step of them", "1 到 12、JAN 到 DEC、*，或由它们组成的列表、范围、步长"},
	{"1 (SUN) to 7 (SAT), SUN to SAT, *, L, nL, n#k, a list, range or step, or ? alone",
		"1（SUN，周日）到 7（SAT，周六）、SUN 到 SAT、*、L、nL、n#k，或列表、范围、步长，或单独一个 ?"},
	{"1970 to 2199, *, or a list, range or step of them", "1970 到 2199、*，或由它们组成的列表、范围、步长"},
	{"a step of 1 to %d after the /", "/ 后面的步长为 1 到 %s"},
	{"the earlier year first, as years do not wrap round", "较早的年份在前，年份范围不能首尾相接"},
	{"L, LW, L-n or L-nW with n from 0 to 30", "L、LW、L-n 或 L-nW，其中 n 为 0 到 30"},
	{"W after a single day from 1 to 31, or LW", "W 前面是 1 到 31 中的某一天，或写 LW"},
	{"n#k with a day n from 1 (SUN) to 7 (SAT), or its name, and k from 1 to 5",
		"n#k，其中 n 为 1（SUN，周日）到 7（SAT，周六）或其英文缩写，k 为 1 到 5"},
	{"L after a single day from 1 (SUN) to 7 (SAT), or its name", "L 前面是 1（SUN，周日）到 7（SAT，周六）中的某一天或其英文缩写"},
	{"a day of the week, or for every day write %q (exactly one of the two day fields is ?)",
		"星期几；若要每天触发，请写 %s（“日”“周”两个字段必须有且只有一个为 ?）"},
	{"?: write %q (exactly one of the two day fields is ?)", "?，即 %s（“日”“周”两个字段必须有且只有一个为 ?）"},
	{"? here or in day of month: write %q or %q (exactly one of the two day fields is ?)",
		"此处或“日”字段写 ?，即 %s 或 %s（“日”“周”两个字段必须有且只有一个为 ?）"},
}

type cronPattern struct {
	english *regexp.Regexp
	chinese string
}

// cronPatterns are the phrases ready to be recognised. They are made when the first bad expression is met.
var cronPatterns = sync.OnceValue(func() []cronPattern {
	verbs := strings.NewReplacer("%s", "(.+)", "%d", `(-?\d+)`, "%q", `("(?:[^"\\]|\\.)*")`)
	patterns := make([]cronPattern, len(cronPhrases))
	for i, p := range cronPhrases {
		patterns[i] = cronPattern{regexp.MustCompile("^" + verbs.Replace(regexp.QuoteMeta(p.english)) + "$"), p.chinese}
	}
	return patterns
})
