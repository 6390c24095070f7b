package messages

import "maps"

// catalogue is every English format with its Chinese. Both take the same arguments in the same order.
var catalogue = join(fieldTexts, taskTexts, callbackTexts, scheduleTexts, delayedTexts, runTexts, userTexts, nodeTexts, settingTexts, formTexts, jsonTexts, pluginTexts, pageTexts())

func join(tables ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, table := range tables {
		maps.Copy(all, table)
	}
	return all
}
