package messages

import (
	"fmt"
	"strings"

	"github.com/carillonhq/carillon/cron"
)

// chineseCron says what is longer first: years, months, days, then the time of day.
func chineseCron(o cron.Outline) string {
	var parts []string
	add := func(text string) {
		if text != "" {
			parts = append(parts, text)
		}
	}
	if !always(o.Years) {
		add(chineseItems(o.Years, "年", number))
	}
	clock, atTimes := o.Times()
	days := chineseDays(o)
	if !always(o.Months) {
		month := chineseItems(o.Months, "月", number)
		if rest, ok := strings.CutPrefix(days, "每月"); ok {
			month, days = month+"的"+rest, ""
		}
		add(month)
	}
	if days == "" && always(o.MonthDays) && always(o.Weekdays) && (atTimes || !always(o.Months)) {
		days = "每天"
	}
	add(days)
	if atTimes {
		add(strings.Join(clockTimes(clock), "、"))
	} else {
		add(chineseTime(o))
	}
	return strings.Join(parts, "，")
}

// chineseTime says the fields of hour, minute and second, leaving out what the smaller ones mean already.
func chineseTime(o cron.Outline) string {
	var parts []string
	hours := ""
	switch {
	case !always(o.Hours) && zero(o.Minutes) && zero(o.Seconds) && stepped(o.Hours):
		return chineseRhythm(o.Hours, "小时", "时", 24, "每天")
	case !always(o.Hours):
		hours = chineseItems(o.Hours, "时", number)
	}
	minutes := ""
	switch {
	case always(o.Minutes) && zero(o.Seconds):
		minutes = "每分钟"
	case always(o.Minutes):
	case zero(o.Minutes) && zero(o.Seconds) && always(o.Hours):
		minutes = "每小时"
	case zero(o.Minutes) && zero(o.Seconds):
		minutes = "整点"
	default:
		minutes = chineseRhythm(o.Minutes, "分钟", "分", 60, "每小时")
	}
	seconds := ""
	if !zero(o.Seconds) {
		seconds = chineseRhythm(o.Seconds, "秒", "秒", 60, "每分钟")
	}
	for _, text := range []string{hours, minutes, seconds} {
		if text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "，")
}

// chineseRhythm says one field of the time of day: how often, or when in each of what is above.
func chineseRhythm(items []cron.Item, length, unit string, size int, above string) string {
	if always(items) {
		return "每" + length
	}
	if !stepped(items) {
		return above + "第 " + chineseItems(items, unit, number)
	}
	i := items[0]
	text := fmt.Sprintf("每 %d %s", i.Step, length)
	if i.Step == 1 {
		text = "每" + length
	}
	switch {
	case !i.Open:
		text = fmt.Sprintf("第 %d 至 %d %s，%s", i.From, i.To, unit, text)
	case i.From != 0:
		text = fmt.Sprintf("从第 %d %s起，%s", i.From, unit, text)
	}
	if size%i.Step != 0 || i.From >= i.Step || !i.Open {
		text += "（" + above + "重新计）"
	}
	return text
}

// chineseDays says the day fields; empty for every day.
func chineseDays(o cron.Outline) string {
	if len(o.Weekdays) > 0 {
		if always(o.Weekdays) {
			return ""
		}
		var texts []string
		for _, i := range o.Weekdays {
			switch i.Form {
			case cron.LastWeekday:
				texts = append(texts, "每月最后一个周"+chineseWeekday(i.From))
			case cron.NthWeekday:
				texts = append(texts, fmt.Sprintf("每月第 %d 个周%s", i.Step, chineseWeekday(i.From)))
			default:
				texts = append(texts, chineseSpan(i, "", func(n int) string { return "周" + chineseWeekday(n) }))
			}
		}
		return strings.Join(texts, "、")
	}
	if always(o.MonthDays) {
		return ""
	}
	var texts []string
	for _, i := range o.MonthDays {
		switch {
		case i.Form == cron.Last && i.From == 0:
			texts = append(texts, "最后一天")
		case i.Form == cron.Last:
			texts = append(texts, fmt.Sprintf("倒数第 %d 天", i.From+1))
		case i.Form == cron.Nearest:
			texts = append(texts, fmt.Sprintf("离 %d 日最近的工作日（周一至周五）", i.From))
		case i.Form == cron.LastNearest && i.From == 0:
			texts = append(texts, "最后一个工作日（周一至周五）")
		case i.Form == cron.LastNearest:
			texts = append(texts, fmt.Sprintf("离倒数第 %d 天最近的工作日（周一至周五）", i.From+1))
		default:
			texts = append(texts, chineseSpan(i, "日", number))
		}
	}
	if o.MonthDays[0].Form == cron.Span {
		return "每月 " + strings.Join(texts, "、")
	}
	return "每月" + strings.Join(texts, "、")
}

func chineseItems(items []cron.Item, unit string, say func(int) string) string {
	var texts []string
	for _, i := range items {
		texts = append(texts, chineseSpan(i, unit, say))
	}
	return strings.Join(texts, "、")
}

// chineseSpan says a value, a range or a step of a field.
func chineseSpan(i cron.Item, unit string, say func(int) string) string {
	gap, length := " ", map[string]string{"时": "小时", "日": "天", "月": "个月", "年": "年", "分": "分钟", "秒": "秒"}[unit]
	if unit == "" { // the value brings its own
		gap, length = "", "天"
	}
	tail := gap + unit
	switch {
	case i.Single():
		return say(i.From) + tail
	case i.All:
		return "每" + unit
	case i.Step == 1:
		return say(i.From) + gap + "至" + gap + say(i.To) + tail
	case i.Open:
		return fmt.Sprintf("从 %s%s起每 %d %s", say(i.From), tail, i.Step, length)
	}
	return fmt.Sprintf("%s%s至%s%s%s每 %d %s", say(i.From), gap, gap, say(i.To), tail, i.Step, length)
}

func chineseWeekday(n int) string {
	return [...]string{"日", "一", "二", "三", "四", "五", "六"}[n-1]
}
