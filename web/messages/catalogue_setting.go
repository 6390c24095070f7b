package messages

// settingTexts are said of settings.
var settingTexts = map[string]string{
	"is not a setting":             "不是系统参数",
	"there is no setting named %s": "系统参数 %s 不存在",
}
