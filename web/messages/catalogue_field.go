package messages

// fieldTexts are said of fields of any kind. The field's name leads them.
var fieldTexts = map[string]string{
	"is required":        "不能为空",
	"is not valid UTF-8": "不是有效的 UTF-8 文本",
	"has %d characters; at most %d are allowed": "有 %d 个字符，最多允许 %d 个",
	"has %d entries; at most %d are allowed":    "有 %d 项，最多允许 %d 项",
	"has %d bytes; at most %d are allowed":      "有 %d 字节，最多允许 %d 字节",
	"must be from 0 to %d":                      "必须在 0 到 %d 之间",
	"must be from 1 to %d":                      "必须在 1 到 %d 之间",
	"must be from 0 to %s":                      "必须在 0 到 %s 之间",
	"must be from 0 to 1":                       "必须在 0 到 1 之间",
	"must be at most %d":                        "不能超过 %d",
	"must be one of %s":                         "必须是以下之一：%s",
	"must be a whole number from %d to %d":      "必须是 %d 到 %d 之间的整数",
	"must lie in the years 1970 to 2199":        "必须在 1970 年到 2199 年之间",
	"must be from 0 (the default, %s) to %s":    "必须在 0（即默认值 %s）到 %s 之间",
	"must be from 0 (the setting) to %s":        "必须在 0（即系统参数的值）到 %s 之间",
	"must be fixed, linear or exponential":      "必须是 fixed、linear 或 exponential",
}
