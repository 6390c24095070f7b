package messages

// callbackTexts are said of HTTP callbacks.
var callbackTexts = map[string]string{
	"must be GET, POST, PUT, DELETE, PATCH, HEAD or OPTIONS":   "必须是 GET、POST、PUT、DELETE、PATCH、HEAD 或 OPTIONS",
	"must be an absolute http or https URL":                    "必须是完整的 http 或 https 地址",
	"%q is not a header name":                                  "%q 不是合法的请求头名称",
	"the value of %s holds a line break or is not valid UTF-8": "请求头 %s 的值包含换行符，或不是有效的 UTF-8 文本",
	"the value of %s has %d bytes; at most %d are allowed":     "请求头 %s 的值有 %d 字节，最多允许 %d 字节",
	"must be a media type such as application/json":            "必须是媒体类型，例如 application/json",
	"must be base64 of at least 8 bytes after whsec_":          "whsec_ 之后必须是至少 8 字节的 base64",
	"is not a regular expression in RE2 syntax":                "不是符合 RE2 语法的正则表达式",
	"goes with jsonPath only":                                  "只能与 jsonPath 一起使用",
	"%q is not a status code or a range such as 200-299":       "%q 不是状态码，也不是 200-299 这样的范围",
}
