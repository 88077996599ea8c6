# The texts of the interface, in Mozilla Fluent's syntax: https://projectfluent.org
#
# Another language is a file of these messages in the folder words beside the ini file: words/de.ftl. What it leaves out
# stays English. `tuiphone words show` prints all messages, `tuiphone words check de` says what is missing.
# What stands in braces is put in by the phone; the keys it names are those that are bound.

## Line mode: where am I

line-no-call = No call.
line-muted-both = Microphone and speaker are muted.
line-muted-microphone = The microphone is muted.
line-muted-speaker = The speaker is muted.
line-dnd-on = Do not disturb is on.
line-auto-answer-on = Calls are answered by themselves.
line-auto-conference-on = Answered calls join a conference.
line-forwarded = Calls are forwarded to { $number }.
line-pause = Pause of { $time }. z ends it.
