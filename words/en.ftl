# The texts of the interface, in Mozilla Fluent's syntax: https://projectfluent.org
#
# Another language is a file of these messages in the folder words beside the ini file: words/de.ftl. What it leaves out
# stays English. `tuiphone words show` prints all messages, `tuiphone words check de` says what is missing.
# What stands in braces is put in by the phone; the keys it names are those that are bound.

## Line mode: answers

line-microphone-muted = Microphone muted.
line-microphone-open = Microphone open.
line-speaker-muted = Speaker muted.
line-speaker-open = Speaker open.
line-microphone-volume = Microphone volume { $level }.
line-speaker-volume = Speaker volume { $level }.
line-dnd-off = Do not disturb is off.
line-auto-answer-off = Calls ring again.
line-joins-on = Answered calls join a conference: on.
line-joins-off = Answered calls join a conference: off.
line-voice-echo = { $how ->
    [automatic] Echo canceller automatic.
    [on] Echo canceller on.
   *[off] Echo canceller off.
}
line-voice-noise = { $how ->
    [automatic] Noise suppression automatic.
    [on] Noise suppression on.
   *[off] Noise suppression off.
}
line-voice-rnnoise = { $how ->
    [automatic] Noise suppression by RNNoise automatic.
    [on] Noise suppression by RNNoise on.
   *[off] Noise suppression by RNNoise off.
}
line-voice-gain = { $how ->
    [automatic] Automatic gain automatic.
    [on] Automatic gain on.
   *[off] Automatic gain off.
}
line-voice-boost = { $how ->
    [automatic] Microphone boost automatic.
    [on] Microphone boost on.
   *[off] Microphone boost off.
}
line-device-of-system = the system's
line-takes-microphone = Microphone: { $name }.
line-takes-speaker = Speaker: { $name }.
line-takes-ringer = Ringer: { $name }.
line-sound-test = { $result }, loudest minus { $level } decibels
line-parts-unread = { $count ->
    [one] 1 part could not be read.
   *[other] { $count } parts could not be read.
}
line-calls-forgotten = { $count ->
    [one] 1 call forgotten.
   *[other] { $count } calls forgotten.
}
line-ladder-we-send = We send { $method }
line-ladder-they-send = They send { $method }
line-ladder-we-answer = We answer { $answer } to { $method }
line-ladder-they-answer = They answer { $answer } to { $method }
line-ladder-with-sdp = { $told }, with SDP.
line-ready = Ready.
line-not-ready = Not ready.
line-settings-read-again = The settings were read again.
line-forward-off = Calls are not forwarded.
line-account-chosen = Calls go out as { $name }.
line-ignored = It rings on, not here.
line-message-taken = Taken, on its way.
line-message-delivered = Delivered.
line-transferred-to = Transferred to { $number }.
line-connected = The two are connected.
line-ping-answers = { $uri } answers { $status } within { $time } milliseconds.
line-password-taken = The password is taken.
line-sound-test-silent = No sound came from the microphone. devices chooses another one.
line-contact-deleted = Deleted.
line-contact-kept = { $contact }. Kept.
line-exported = { $count } written to { $file }
line-contacts-imported = { $added } added, { $changed } changed, { $same } known already.
line-done = Done.
line-history-imported = { $count } brought over.
line-missed-seen = Nothing is new any more.
line-codec-missing = { $id } is not to be had: { $why }
line-codec-not-offered = { $id } is not offered.
line-ladder-none = No messages of that call are remembered.
line-ladder-between = Between us and { $address }, { $transport }:
line-ladder-same = The same again.
line-too-long = That line is too long. Nothing was done.
line-unfinished = The last line was not finished. Nothing was done.
line-speech-no-folder = speakSink needs XDG_RUNTIME_DIR
line-speech-no-server = SPEECHD_ADDRESS names no server

## Line mode: commands

line-delete-contact = Delete { $name }? y or n.
line-delete-call = Delete the call with { $name }? y or n.
line-calls-go-on = { $count ->
    [one] The call goes on.
   *[other] { $count } calls go on.
}
line-more-none = There is no more.
line-find-how = Find whom? find and part of a name.
line-get-how = Get what? get and a key. settings lists them.
line-unset-how = Unset what? unset and a key.
line-echo-unknown = No echo service is known. set echoNumber NUMBER names one.
line-ringing-none = Nothing rings.
line-held-none = No call is on hold.
line-forward-how = Forward to whom? f and a number; f off ends it.
line-message-how = Write to whom? message NUMBER TEXT, or write TEXT to whoever is chosen.
line-does-not-ring = { $name } does not ring.
line-hang-up-none = Nothing to hang up. r rejects what rings.
line-hold-none = No call to hold.
line-conference-two = A conference takes two calls.
line-transfer-none = No call to transfer.
line-transfer-how = Transfer to whom? t and a number.
line-transfer-or-connect = Transfer to whom? t and a number. connect connects the two calls.
line-connect-two = connect takes two calls.
line-record-none = No call to record.
line-play-none = No call to play a file to.
line-play-how = Play what? y and a WAV file.
line-verbosity-quiet = Quiet: calls, messages and faults are said.
line-verbosity-normal = Normal: how calls go on is said too.
line-verbosity-all = All: everything is said.
line-digits-how = digits apart, or digits together.
line-digits-apart = Numbers stand apart: 600.
line-digits-together = Numbers stand together: 600.
line-typed-none = Nothing was typed yet.
line-typed-unknown = There is no such line.
line-leave-question = The phone ends with this, and the call. Leave? y or n.
line-choose-first = Choose a contact or a call of the history first.
line-call-how = Call whom? call and a number or a name.
line-write-whom = Write to whom? Choose somebody first, or message NUMBER TEXT.
line-write-how = Write what? write and the text.
line-nobody-called = Nobody is called { $name }.
line-more = { $count } more. Enter goes on.

## Line mode: contacts

line-add-how = Add whom? add NUMBER NAME.
line-choose-contact-first = Choose a contact first: contacts, or find NAME.
line-edit-how = Edit what? edit mobile 0170123, or name, number, phone, email, comment.

## Line mode: help

line-help-keys = a answers, r rejects, h hangs up, o holds, m mutes, t and a number transfers.
line-help-digits = Digits dial. In a call they are tones.
line-help-where = w is where am I. A full stop repeats. Enter goes on.
line-help-lists = b contacts, i history, c messages, v voicemail, D devices, A accounts.
line-help-verbosity = quiet, normal or all: how much is said.
line-help-more = help and a command tells more. help all lists every command. q leaves.
line-full-stop = full stop
line-exclamation-mark = exclamation mark
line-question-mark = question mark
line-less-than = less than
line-greater-than = greater than
line-capital-letter = capital { $letter }
line-option-and-value = --{ $name } and a value
line-for-example = For example: { $line }. { $doc }
line-complete-none = Nothing goes on from there.
line-and-more = { $words } and { $count } more.
line-call-id = { $id } for { $who }
line-account-id = { $id } for { $aor }

## Line mode: lists

line-list-calls = { $count ->
    [one] 1 call. Type a number.
   *[other] { $count } calls. Type a number.
}
line-list-ringing = { $count ->
    [one] 1 ringing call. Type a number.
   *[other] { $count } ringing calls. Type a number.
}
line-list-contacts = { $count ->
    [one] 1 contact. Type a number.
   *[other] { $count } contacts. Type a number.
}
line-list-matches = { $count ->
    [one] 1 match. Type a number.
   *[other] { $count } matches. Type a number.
}
line-list-lights = { $count ->
    [one] 1 light. Type a number.
   *[other] { $count } lights. Type a number.
}
line-list-shortcuts = { $count ->
    [one] 1 shortcut. Type a number.
   *[other] { $count } shortcuts. Type a number.
}
line-list-accounts = { $count ->
    [one] 1 account. Type a number.
   *[other] { $count } accounts. Type a number.
}
line-list-devices = { $count ->
    [one] 1 device. Type a number.
   *[other] { $count } devices. Type a number.
}
line-list-threads = { $count ->
    [one] 1 conversation. Type a number.
   *[other] { $count } conversations. Type a number.
}
line-list-last-calls = { $count ->
    [one] The last 1 call. Type a number.
   *[other] The last { $count } calls. Type a number.
}
line-list-hang-up = Hang up which of { $count } calls? Type a number.
line-contact-star = { $name }, star
line-past-called = { $name }, called, { $time }
line-past-called-you = { $name }, called you, { $time }
line-past-missed = { $name }, missed, { $time }
line-past-elsewhere = { $name }, answered elsewhere, { $time }
line-past-in-vain = { $call }, in vain.
line-past-goes-on = { $call }, goes on.
line-past-cut-off = { $call }, cut off: the phone ended first.
line-past-sound = Sound { $codec }.
line-past-sound-graded = Sound { $codec }, { $mos } of 5.
line-light-pick-up = { $light }: pick up
line-light-call = { $light }: call
line-account-selected = { $account } Calls go out with it.
line-device-microphone = microphone { $name }
line-device-speaker = speaker { $name }
line-thread = { $count ->
    [one] { $name }, 1 message
   *[other] { $name }, { $count } messages
}
line-thread-new = { $thread }, { $count } new
line-contact-first-name = First name
line-contact-last-name = Last name
line-contact-home = Home
line-contact-mobile = Mobile
line-contact-mail = Mail
line-contact-street = Street
line-contact-town = Town
line-contact-comment = Comment
line-contact-state = State
line-contact-chosen = { $contact }. call, write, details, edit, star or delete.
line-past-chosen = { $call } call, write, details, add or delete.
line-call-over = That call is over.
line-list-all = All of them
line-contacts-none = No contacts. add NUMBER NAME makes one.
line-contact-starred = { $contact }, with a star
line-contact-watched = Is watched.
line-contact-of-directory = Comes from a directory.
line-past-none = No such calls.
line-past-ended = It ended: { $ended }
line-past-account = Account { $account }.
line-past-address = Address { $uri }
line-past-recording = Recorded into { $recording }
line-log-none = Nothing has happened yet.
line-lights-none = Nobody is watched. set watch NUMBERS names some.
line-shortcuts-none = There are no shortcuts.
line-accounts-none = No account. set Account1.username and its like make one.
line-devices-none = There is no sound card.
line-messages-none = No messages.
line-message-undelivered = You, not delivered: { $text }
line-message-own = You: { $text }
line-message-answer-how = write TEXT answers.

## Line mode: names, numbers and times

line-hours = { $count ->
    [one] 1 hour
   *[other] { $count } hours
}
line-minutes = { $count ->
    [one] 1 minute
   *[other] { $count } minutes
}
line-seconds = { $count ->
    [one] 1 second
   *[other] { $count } seconds
}
# A list: a, b and c.
line-and = { $first } and { $last }
line-extension = extension { $number }
line-name-and-extension = { $name }, extension { $number }
line-unknown-number = an unknown number
line-hidden-number = somebody who hides the number
line-today = today { $time }
line-yesterday = yesterday { $time }
line-day-and-time = { $day } { $month } { $time }
line-day-and-year = { $day } { $month } { $year }
line-month-january = January
line-month-february = February
line-month-march = March
line-month-april = April
line-month-may = May
line-month-june = June
line-month-july = July
line-month-august = August
line-month-september = September
line-month-october = October
line-month-november = November
line-month-december = December

## Line mode: news

line-parked = { $name } is parked
line-parked-at = { $name } is parked at { $place }
line-incoming = Incoming call from { $caller }. a answers, r rejects.
line-incoming-via = Incoming call from { $caller }, { $via }. a answers, r rejects.
# What somebody who talks hears of an incoming call.
line-incoming-short = Incoming call.
line-phone-gone = The phone is gone: { $why }
line-link-names = A link names { $number }. call calls it.
line-digits-wait = The digits { $digits } wait. dtmf { $digits } sends them.
line-digits-are-tones = Digits are tones now.
line-asked-to-call-keys = { $name } asks you to call { $whom }. a does, r does not.
line-rings-there = Ringing at { $who }.
line-early-sound = There is sound before the answer.
line-answered = Talking to { $who }.
line-held = { $who } is on hold
line-resumed = Talking to { $who } again.
line-conference-joined = { $who } is in the conference
line-conference-left = { $who } left the conference
line-renamed = This is { $whom }.
line-sound-way = The sound goes { $ice }.
line-digit-pressed = { $who } pressed { $digit }
line-heard-nothing = Nothing is heard: { $reason }
line-not-heard = You are not heard: { $reason }
line-heard-again = There is sound again.
line-heard-there-again = You are heard again.
line-writing = { $name } is writing
line-voicemail = { $voicemail } v calls the mailbox.
line-nothing = nothing
line-percent = percent
line-voice = The microphone's sound goes through { $how }.
line-pause-began = Pause of { $time }: callers find you busy. z ends it.
line-talking-muted = You are talking, and the microphone is muted. m opens it.
line-phone-ended = The phone has ended.
line-sent-to = { $name } sends you to { $whom }. Calling.
line-picking-up = Picking up the call of { $number }.
line-calling = Calling { $whom }.
line-recording = Recording.
line-recording-paused = The recording is paused.
line-recorded = Recorded into { $file }.
line-transferred-away-to = { $who } is transferred to { $to }
line-transferred-away = { $who } is transferred
line-ended-by-them = { $far } hung up after { $talked }
line-ended-broken = The call with { $far } broke off after { $talked }: { $why }
line-ended-talked = The call with { $far } ended after { $talked }
line-ended-elsewhere = The call from { $far } was answered on another phone
line-ended-rejected-here = Rejected the call from { $far }
line-ended-turned-away = The call from { $far }: { $why }
line-ended-missed = Missed call from { $far }
line-ended-given-up = Gave up calling { $far }
line-ended-busy = { $far } is busy
line-ended-no-answer = { $far } did not answer
line-ended-rejected = { $far } rejected the call
line-ended-no-number = There is no number { $far }
line-ended-failed = The call to { $far } failed: { $kind }. why tells more
line-message-came = Message from { $name }: { $what }
line-speech-away = The speech server is away, sentences are only written: { $why }.
line-speech-gone = The speech server has gone, sentences are only written.

## Line mode: settings

line-setting-locked = { $told } Locked: { $why }
line-setting-changed = { $name } is changed.
line-setting-changed-restart = { $name } is changed. It counts from the next start of the phone on.
line-setting-same = { $name } was so already.
line-setting-secret = { $name } is set, and not told.
line-setting-no-secret = { $name } is not set.
line-setting-on = { $name } is on.
line-setting-off = { $name } is off.
line-setting-empty = { $name } is empty.
line-setting-is = { $name } is { $value }.
line-set-to-what = Set { $key } to what? unset { $key } is as it comes.
line-set-how = Set what? set KEY VALUE. settings lists the keys.
line-settings-unchanged = All settings are as they come.
line-settings-none = No setting has { $what } in it.
line-setting-choices = It is one of { $names }.
line-help-unknown = There is neither a command nor a setting { $shown }. help all lists the commands.
line-setting-unknown = There is no setting { $shown }. settings { $shown } looks for it.
line-setting-near = There is no setting { $shown }, but { $names }.

## Line mode: what is typed

line-end-phone = This ends the phone. leave only leaves. End it? y or n.
line-end-phone-and-calls = { $count ->
    [one] This ends the phone and the call. leave only leaves. End it? y or n.
   *[other] This ends the phone and { $count } calls. leave only leaves. End it? y or n.
}
line-odd-characters = That line has control characters. Nothing was done.
line-nothing-done = Nothing was done.
line-command-unknown = There is no command { $first }. Question mark is help.
line-forget-question = Forget all calls that were? y or n.
line-watch-needless = What happens is said here anyway. all says everything.
line-sound-needs-program = The sound of a call needs a program: tuiphone sound, in a shell.
line-digits-in-call = In a call digits are tones. call { $text } dials.
line-digits-while-ringing = { $whom } rings. a answers, r rejects. call { $text } dials.
line-digits-while-calling = { $who } has not answered yet. call { $text } dials.

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
line-unread = { $count ->
    [one] 1 message unread. c reads.
   *[other] { $count } messages unread. c reads.
}
line-call-in-conference = { $call }, in the conference
line-call-recorded = { $call }, recorded
line-call-recording-paused = { $call }, the recording is paused
line-account-number = Number { $number }, { $label }, over { $transport }
line-account-number-selected = Number { $number }, { $label }, over { $transport }, calls go out with it
line-sound-graded = { $grade }, { $mos } of 5
line-sound-graded-because = { $grade }, { $mos } of 5, because of { $cause }
line-sound-here = The sound here is { $here }.
line-sound-here-and-there = The sound here is { $here }. There it is { $there }.
line-sound-not-heard = The sound here is { $here }. You are not heard.
line-sound-figures = Lost { $lost } percent, delay { $delay } milliseconds, jitter { $jitter }.
line-sound-figures-trip = Lost { $lost } percent, delay { $delay } milliseconds, jitter { $jitter }, round trip { $trip } milliseconds.
line-sound-codec = Codec { $codec }, { $rate } kilohertz, { $protection }
line-level-muted = muted
line-level-silent = silent
line-level-soft = soft
line-level-too-loud = too loud
line-level-good = good
line-levels = Microphone { $microphone }, speaker { $speaker }.
line-ended-here = This side ended it
line-ended-there = The far side ended it
line-ended-network = The network ended it
line-ended = It ended
line-ended-status = status { $status }
line-ended-why = { $by }: { $why }
line-light = { $name } is { $state }
line-light-detail = { $name } is { $state }, { $detail }
line-greeting = tuiphone. { $accounts_in_short } Question mark is help.
line-asked-to-call = { $name } asks you to call { $whom }. a does, r does not
line-call-calling = Calling { $whom }
line-call-ringing = Ringing at { $far }
line-call-early-sound = Calling { $far }, with sound before the answer
line-call-ignored = { $far } rings, ignored
line-call-incoming = { $whom } rings. a answers, r rejects
line-call-held-there = { $far } has put you on hold, { $time }
line-call-talking = Talking to { $whom }, { $time }
line-call-held = { $far } is on hold, { $time }
line-account-none = No account.
line-account-off = Not registered.
line-registered-names = Registered as { $names }.
line-registered-unverified = Registered as { $aor }. The server's certificate is not verified.
line-registered = Registered as { $aor }.
line-registering = Registering as { $aor }.
line-ready-direct = { $aor } is ready, without a server
line-not-registered = Not registered as { $aor }.
line-register-failed-why = Cannot register as { $aor }: { $why }.
line-register-failed = Cannot register as { $aor }: no answer.
line-registration-renewed = Renewed within { $time }.
line-seen-outside-as = Seen from outside at { $at }.
line-call-heard-nothing = Nothing is heard: { $why }
line-sound-unmeasured = The sound is not measured yet.
line-sound-none-yet = There is no sound with { $who } yet.
line-sound-none = There is no sound now. test-audio tests the microphone.
line-device-none = none in use
line-device-in-use-microphone = Microphone: { $input }, volume { $volume_mic }.
line-device-in-use-speaker = Speaker: { $output }, volume { $volume }.
line-voice-now = The voice goes through { $words }.
line-why-none = No call has ended since you came.
line-why-means = That means: { $outcome }
line-likely = Likely: { $cause }
line-next = Next: { $next }
line-why-ladder = ladder { $id } tells its messages.

## Log: what happened

log-warnings-and-errors = warnings and errors
log-not-known = not known
log-calling = calling { $who }
log-dialled = our INVITE is out
log-rings = it rings
log-early-sound = there is sound before the answer
log-answered = answered
log-held-there = put on hold by the far end
log-held = on hold
log-resumed = talking again
log-conference-joined = joined the conference
log-conference-left = left the conference
log-renamed = it is { $who } now
log-ice = ICE: { $ice }
log-digit = pressed { $digit }
log-sound-again = there is sound again
log-message-came = { $who } writes
log-no-answer = no answer
log-message-undelivered = to { $who }: not delivered: { $why }
log-message-delivered = to { $who }: delivered
log-voice = voice: { $how }
log-pause-over = calls ring again
log-pause = a pause of { $seconds } s: new calls find it busy
log-talking-muted = you talked, and the microphone was muted
log-counts-from-next-start = { $keys } counts once the phone is started anew
log-phone-ended = the phone has ended
log-registered = { $aor } is registered over { $transport }
log-registering = { $aor } registers
log-account-off = { $aor } is off
log-missed = { $who } called: missed
log-answered-elsewhere = { $who } called: answered elsewhere
log-called-ended = called { $who }: { $ended }
log-came-ended = { $who } called: { $ended }
log-called-talked = called { $who }: talked { $seconds }
log-came-talked = { $who } called: talked { $seconds }
log-everything = everything
log-events = events
log-errors = errors
log-voice-as-it-is = as it is
log-incoming = { $who } ({ $number }) calls
log-incoming-via = { $who } ({ $number }) calls, { $via }
log-light = { $name } is { $state }
log-light-detail = { $name } is { $state } ({ $detail })
log-not-registered = { $aor } is not registered: { $why }; likely { $cause }
log-quality = { $who }: MOS here { $here }, there { $there }
log-quality-from-them = ; from them to you: { $why }
log-quality-from-you = ; from you to them: { $why }

## Messages: how one fared

messages-no-answer = no answer

## Screen and shell

screen-no-folder = there is no folder for traces here
screen-no-account =
    No account yet; its file is
    {"  "}{ $file }
    Without one:
      tuiphone demo   built-in far ends
      tuiphone --user 101 --domain HOST
      /  then name@host   call an address
screen-demo = The demo: a built-in exchange, real SIP and sound on this machine
screen-demo-in-lines = The demo, with these far ends: { $names }.
screen-suspended-stays = tuiphone: calls go on; fg brings the screen back
screen-suspended = tuiphone: stopped; fg goes on
screen-suspended-setup = tuiphone: the questions wait; fg goes on
screen-goes-on = { $calls ->
    [0] tuiphone goes on in the background: `{ $program }` comes back, `{ $program } exit` ends it
    [one] tuiphone goes on in the background with a call up: `{ $program }` comes back, `{ $program } exit` ends it
   *[other] tuiphone goes on in the background with { $calls } calls up: `{ $program }` comes back, `{ $program } exit` ends it
}

## Settings: why a key is not changed

settings-none-chosen = no key is chosen
settings-unused = { $key } stays in the file, and is not used: { $why }
settings-nothing-typed = nothing is typed; Esc leaves it as it is
settings-no-number = { $value } is no whole number
settings-as-it-comes = { $key } is as it comes

## Tips

tip-help = Tip: { $key } lists every key, and searches them.
tip-palette = Tip: { $key } finds every command by a few of its letters.
tip-contacts = Tip: { $key } opens your contacts; the dial field looks there too.
tip-type = Tip: { $key } types letters: a name, or an address such as ann@example.net.
tip-history = Tip: { $key } opens the calls that were; Enter calls back.
tip-echo = Tip: { $key } calls an echo: hear yourself as others do.
tip-test-audio = Tip: { $key } tests the microphone: speak, then hear yourself.
tip-watched = Tip: { $key } opens the switchboard: who is free, who talks, who rings.
tip-messages = Tip: { $key } opens messages; with a number typed it writes to it.
tip-ladder = Tip: { $key } shows every SIP message, and why a call failed.
tip-quality = Tip: { $key } shows how a call sounds, and what takes from it.
tip-dnd = Tip: { $key } turns do not disturb on and off.
tip-forward = Tip: { $key } sends calls on to another number.
tip-settings = Tip: { $key } lists every setting, says what it does and changes it.
tip-themes = Tip: { $key } tries other colours on.
tip-suspend = Tip: { $key } is the shell for a while; calls go on, and fg comes back.
tip-quit = Tip: { $key } leaves the screen; the phone goes on in the background.
tip-off = tips are off: [tuiphone] tips=1 shows them

## What keys and news come to

told-device = { $part ->
    [microphone] the microphone is { $name } from now on
    [speaker] the speaker is { $name } from now on
   *[ringer] what rings is { $name } from now on
}
told-not-hidden = not hidden: the phone would end with this program
told-link-keys = { $call } calls it, { $cancel } does not
told-link = a link asks to call { $number }
told-digits-no-call = digits { $digits } were to be sent, and there is no call
told-no-digits = no digits to send
told-not-saved = not saved yet: Enter saves, Esc once more leaves without
told-number-missing = a number is missing
told-contact-known = { $number } is a contact already: { $name }
told-message-not-found = no message has it
told-nothing-searched = nothing is searched for yet
told-no-message-to-keep = there is no message to keep
told-kept = kept in { $path }
told-sound-again = there is sound again
told-far-end-pressed = the far end pressed { $digit }
told-sound-protected = sound: { $words }
told-first-sound = RTP after { $ms } ms, { $codec }
told-nothing-kept = nothing kept
told-no-message-chosen = no message is chosen
told-no-message-to-copy = there is no message to copy
told-all-forgotten = every call is forgotten
told-forgotten = forgotten
told-contacts-unread = { $count ->
    [one] 1 place in the file of contacts could not be read: tuiphone contacts tells where
   *[other] { $count } places in the file of contacts could not be read: tuiphone contacts tells where
}
told-contact-added = { $number } is a contact now
told-saved = saved
told-contact-removed = { $who } is no contact any more
told-no-line = there is no line
told-copied-beginning = copied the beginning: a terminal takes 56 kB
told-copied = copied
told-phone-gone-why = the phone is gone: { $reason }
told-calls = { $who } calls
told-missed = Missed call from { $who }
told-answer = Answer
told-reject = Reject
told-writes-key = { $key } reads and answers
told-writes-text = { $who } writes: { $text }
told-writes = { $who } writes
told-of-call = { $who }: { $what }
told-pressed = { $who } pressed { $digit }
told-muted-key = { $key } opens it
told-talking-muted = you are talking, and the microphone is muted
told-phone-ended = the phone has ended
told-why-keys = { $keys } tells why
told-verb-done = { $verb }: done
told-verb-says = { $verb }: { $text }
told-verb-says-more = { $verb }: { $text } and { $count } lines more
told-exit-again = Enter once more ends the phone and every call
told-goes-on = { $verb } goes on: in a shell, tuiphone { $verb }
told-call-whom = call: to which number?
told-nothing-forgotten = nothing forgotten
told-no-call-chosen = no call is chosen
told-nothing-deleted = nothing deleted
told-nobody-chosen = nobody is chosen
told-no-echo = no echo service is known; name its number in echoNumber, under [tuiphone]
told-open-list-first = open the contacts or the history first
told-open-ladder-first = open the ladder or the log first
told-open-ladder-by = open the ladder or the log first ({ $key })
told-open-log-first = open the log first
told-nothing-hung-up = nothing hung up
told-shortcuts-off = shortcuts are off; enableShortcuts=1 turns them on
told-no-shortcut = there is no shortcut { $number }
told-phone-gone = the phone is gone; start it again, and this screen goes on
told-phone-back = the phone is back
told-speak = speak after the tone: three seconds are recorded, then played back
told-none-rings = no call is ringing
told-shortcut-key = { $key } presses the first of them
told-none-to-park = no call to park
told-more-words = { $verb } needs more words: tuiphone help { $verb }
told-type-first = type a number first
told-none-to-hang-up = no call to hang up
told-none-to-hold = no call to hold
told-none-held = no call is on hold
told-none-to-record = no call to record
told-none-to-play-to = no call to play a file to
told-play-how = type { $types } and the name of a WAV file; { $plays } then plays it
told-no-mailbox = no mailbox is known; name it in the account's voicemailNumber
told-forward-how = type a number; { $key } sends calls on to it
told-voice-echo = { $how ->
    [auto] echo canceller: automatic, not for headsets
    [on] echo canceller: on
   *[off] echo canceller: off
}
told-voice-noise = { $how ->
    [auto] noise suppression: automatic, not for headsets
    [on] noise suppression: on
   *[off] noise suppression: off
}
told-voice-gain = { $how ->
    [auto] automatic gain: automatic, not for headsets
    [on] automatic gain: on
   *[off] automatic gain: off
}
told-voice-boost = { $how ->
    [auto] microphone boost: automatic, not for headsets
    [on] microphone boost: on
   *[off] microphone boost: off
}
told-no-account = there is no account
told-registering = registering { $account }
told-unregistered = { $account } is un-registered until told otherwise
told-account-already = calls go out by { $account } already
told-account-now = calls go out by { $account } from now on
told-no-key-followed = { $keys }: no key followed
told-leads-nowhere = { $keys } leads nowhere
told-nothing-to-take-back = nothing to take back
told-no-value-to-copy = there is no value to copy
told-setting-same = { $name } is so already
told-setting-saved = { $name } is saved
told-setting-saved-for-later = { $name } is saved; the phone takes it when it is started the next time
told-nobody-rings = nobody's phone rings
told-with-them-already = that call is with them already
told-none-to-transfer = no call to transfer
told-asked-first = calling { $who }; { $key } hands the call over
told-write-how = type a number; { $key } writes to it
told-colours-stay = the colours stay as they were
told-theme = the theme is { $name } from now on
told-talk-open = the microphone is open
told-talk-open-mutes = the microphone is open; { $mutes } mutes it, then { $key } opens it while it is held
told-muted-again = the microphone is muted again; once more stops

## Why something cannot be done now

why-not-phone-gone = the phone is gone
why-not-echo-unknown = no echo service is known: echoNumber
why-not-none-rings = nothing rings
why-not-none-up = no call is up
why-not-none-answered = no call is answered
why-not-none-held = no call is on hold
why-not-two-calls = it takes two calls
why-not-no-digits = no call takes digits
why-not-no-pause = no pause after a call runs
why-not-mailbox-unknown = no mailbox is known: voicemailNumber
why-not-shortcuts-off = shortcuts are off: enableShortcuts

## View: accounts in short

accounts-panel-title = Accounts
accounts-panel-none = none yet
accounts-panel-more = and { $count } more
accounts-panel-no-registrar = { $state }, no registrar
accounts-panel-not-verified = { $state }, not verified

## View: call in full

detail-to = to
detail-from = from
detail-account = account
detail-state = state
detail-sound = sound
detail-way = way
detail-packets = packets
detail-delay = delay
detail-repairs = repairs
detail-alarm = alarm
detail-quality = quality
detail-sound-how = { $codec }, { $ptime } ms packets, { $protection }
detail-ice = { $how } (ICE)
detail-ice-ends = { $how }, { $local } here, { $remote } there (ICE)
detail-packets-how = { $sent } sent, { $received } received, { $lost } lost, { $late } late
detail-delay-how = jitter { $jitter } ms, buffer { $buffer } ms
detail-delay-trip = jitter { $jitter } ms, buffer { $buffer } ms, round trip { $trip } ms
detail-repairs-how = { $concealed } ms made up, { $stretched } ms stretched
detail-mos = MOS here { $here }, there { $there }
detail-because = { $mos } ({ $why })

## View: calls

calls-title = Calls
calls-none = No calls.
calls-connecting = Looking for the phone
calls-phone-gone = The phone is gone.
calls-phone-awaited = This screen goes on as soon as it is back.
calls-how = Type a number, press Enter.
calls-answered-by-itself = answered by itself
calls-playing-a-file = playing a file
calls-conference = conference
calls-records = REC
calls-recording-paused = REC paused
calls-recording-failed = REC failed
calls-missed = missed: { $outcome }

## View: card of a call

card-as = as { $account }
card-to = to { $account }
card-asking = asking

## View: devices

devices-title = Devices
devices-microphone = Microphone
devices-speaker = Speaker
devices-ringing = Ringing
devices-now = now: { $used }
devices-muted = MUTED
devices-default = default: what the system chooses
devices-not-in-use = not in use
devices-bare = no sound card is found: calls go on in silence; plug one in, or see tuiphone doctor
devices-asking = asking for the cards
devices-null = null, which is silence
devices-no-card = { $name }, in place of a card

## View: dial field

dial-field-to = to
dial-field-send = send
dial-field-tones = tones
dial-field-dial = dial
dial-field-keys-send-tones = keys send tones
dial-field-type-a-number = type a number

## View: dial pad

dial-pad-transfer-to = Transfer to
dial-pad-send-digits = Send digits
dial-pad-tones = Tones
dial-pad-dial = Dial

## View: footer

footer-save = save
footer-field = field
footer-leave = leave
footer-delete = delete
footer-keep = keep
footer-write = write
footer-call = call
footer-no-star = no star
footer-star = star
footer-details = details
footer-back = back
footer-close = close
footer-add = add
footer-edit = edit
footer-forget-it = forget it
footer-all-of-them = all of them
footer-forget-all = forget all
footer-call-back = call back
footer-kind = kind
footer-add-contact = add contact
footer-next-call = next call
footer-mermaid = Mermaid
footer-text = text
footer-capture = capture
footer-leave-it = leave it
footer-done = done
footer-next = next
footer-no-search = no search
footer-message = message
footer-next-found = next found
footer-why = why
footer-search = search
footer-copy = copy
footer-export = export
footer-copy-all = copy all
footer-fold = fold
footer-scroll = scroll
footer-choose = choose
footer-all = all
footer-transfer-to-them = transfer to them
footer-ask-them-first = ask them first
footer-call-too = call too
footer-nothing = nothing
footer-help = help
footer-pick-up = pick up
footer-transfer-or-call = transfer or call
footer-transfer = transfer
footer-ask-first = ask first
footer-hang-up = hang up
footer-use-for-calls = use for calls
footer-register-anew = register anew
footer-register = register
footer-un-register = un-register
footer-copy-address = copy address
footer-ladder = ladder
footer-settings = settings
footer-turn-off = turn off
footer-turn-on = turn on
footer-change = change
footer-changed-ones = changed ones
footer-undo = undo
footer-as-it-comes = as it comes
footer-use-it = use it
footer-volume = volume
footer-test = test
footer-unmute = unmute
footer-mute = mute
footer-speaker-on = speaker on
footer-mute-speaker = mute speaker
footer-echo-call = echo call
footer-detach = detach
footer-quit = quit
footer-do-it = do it
footer-answer = answer
footer-keep-it = keep it
footer-try = try
footer-as-before = as before
footer-write-to-a-number = write to a number
footer-open = open
footer-send = send
footer-show-all = show all
footer-level = level
footer-follow = follow
footer-complete = complete
footer-this-one = this one
footer-that-one = that one
footer-none = none
footer-other-call = other call
footer-keep-them = keep them
footer-end-it-and-quit = end it and quit
footer-stay = stay
footer-messages = messages
footer-reject = reject
footer-do-not = do not
footer-clear = clear
footer-let-go-to-mute = let go to mute
footer-hold-to-talk = hold to talk
footer-hold = hold
footer-new-call = new call
footer-resume = resume
footer-end-the-pause = end the pause
footer-missed-calls = missed calls
footer-dial = dial
footer-redial = redial
footer-address = address
footer-voicemail = voicemail
footer-switchboard = switchboard
footer-history = history
footer-contacts = contacts
footer-commands = commands
footer-end-conference = end conference
footer-conference = conference
footer-end-recording = end recording
footer-record = record

## View: header

header-connecting = connecting
header-phone-gone = phone gone
header-no-account = no account
header-failed = { $count } failed
header-server-not-verified = SERVER NOT VERIFIED
header-unverified = UNVERIFIED
header-records = REC
header-dnd = DND
header-wrapping-up = WRAPPING UP { $seconds } s
header-wrap = WRAP { $seconds } s
header-answers-itself = ANSWERS ITSELF
header-auto-answer = AA
header-forwards = FWD { $number }
header-voicemail = voicemail
header-voicemail-new = voicemail { $count }
header-messages = messages { $count }
header-missed = missed { $count }
header-muted-you-talk = MIC MUTED: YOU TALK
header-muted = MIC MUTED
header-talking = TALKING
header-mic = mic { $level }%
header-mic-on = mic on
header-speaker-muted = SPEAKER MUTED
header-spk-muted = SPK MUTED
header-speaker = speaker { $level }%

## View: help

help-title = Keys and verbs
help-title-search = Keys and verbs: { $search }
help-nothing-matches = nothing matches
help-dial = dial; in a call, send tones
help-hold-to-talk = hold it to talk while the microphone is muted
help-talk-in-turn = open the muted microphone to talk, or mute it again
help-command-line = on the command line

## View: incoming call

incoming-title = INCOMING CALL
incoming-call = CALL
incoming-answer = ANSWER
incoming-reject = REJECT

## View: ladder

ladder-title-none = Ladder
ladder-title = Ladder: { $name }
ladder-title-of = Ladder: { $name } ({ $at } of { $all })
ladder-call = call { $id }
ladder-rest = neither calls nor registrations
ladder-all = all messages
ladder-none-found = none
ladder-found = { $at } of { $all }
ladder-over = no more messages come: { $why }
ladder-dropped = { $count } older messages made room
ladder-no-messages = no messages come: { $why }
ladder-none-of-account = The phone remembers no message of { $aor }.
ladder-why-account = w tells how it stands, Tab goes on to what there is.
ladder-none-of-call = The phone remembers no message of this call.
ladder-why-call = w tells how it ended, Tab goes on to what there is.
ladder-nothing = Nothing went over the wire yet that the phone remembers.
ladder-call-somebody = Call somebody: each message shows here as it goes.
# The name above our own line: six cells.
ladder-phone = phone
ladder-keep-alives = { $count } keep-alives, each answered (OPTIONS)
ladder-message = Message
ladder-choose = Choose a message: it is told here in full.
ladder-facts = { $at } (+{ $since }) { $transport } { $from } -> { $to }, { $bytes } bytes
ladder-sdp = SDP: { $line }
ladder-sdp-new = SDP, new: { $line }
ladder-sdp-same = SDP: nothing new against the one before
ladder-sdp-answer = of the offer it { $line }
ladder-why = Why
ladder-why-of = Why: { $name }
ladder-likely = Likely: { $cause }
ladder-next = Next: { $next }

# What a session description says of a line of media, and what is new in it.
ladder-media = { $kind } { $codecs }, { $direction }, at { $socket }, { $protection }
ladder-media-ptime = { $kind } { $codecs }, { $direction }, at { $socket }, { $protection }, { $ptime } ms
ladder-media-new = new: { $media }
ladder-media-gone = gone: { $kind }
ladder-media-changed = { $what }: { $old } -> { $new }
ladder-media-codecs = codecs
ladder-media-direction = direction
ladder-media-address = address
ladder-media-keys = keys
ladder-media-packet-time = ptime
ladder-media-none = none
ladder-media-clear = not encrypted
ladder-media-no-keys = encrypted, without keys
# It is put into "of the offer it ...", the parts with ; between.
ladder-media-takes = takes { $codecs }
ladder-media-takes-none = takes no codec
ladder-media-refuses = refuses { $kind }
ladder-media-leaves = leaves { $codecs }
ladder-media-not-offered = was not offered { $codecs }

## View: lights

lights-title = Watched
lights-more = and { $count } more
lights-more-key = and { $count } more: { $key }

## View: lists

list-find = find:

## View: log

log-title = Log: { $level }
log-newer = { $count } newer below
log-dropped = { $count } older ones made room
log-nothing-yet = Nothing has happened yet: registrations, calls, messages and errors are written down here.
log-none-of-level = Nothing of this level; Tab shows others.
log-none-found = Nothing fits; Esc shows all.
log-next = Next: { $hint }

## View: message line

message-transfer = transfer { $call }: to which number?
message-transfer-or = transfer { $call }: Enter connects with { $other }, or type a number
message-hang-up = { $count } calls are up: hang up { $who }?
message-quit = the call ends with this program: quit?
message-delete = delete { $name } ({ $number })?
message-forget = forget the call with { $who }, { $when }?
message-forget-all = forget every call there was?
message-form = keep it as: m Mermaid, t text, p capture for Wireshark?
message-digits = send these digits to { $who }?

## View: meters

# The names before the bars: three and seven cells.
meters-mic = mic
meters-spk = spk
meters-speaker = speaker
meters-title = Sound
meters-test = { $key } test
meters-muted = MUTED
meters-closed = the microphone is closed: a call opens it
meters-closed-key = the microphone is closed: a call opens it, or a test ({ $key })

## View: offers

offers-earlier = earlier call

## View: palette

palette-title = Commands
palette-enter = Enter does it
palette-none = no command is called so

## View: past calls

past-title = History
past-title-kind = History, { $kind }
past-title-count = { $title }: { $count }
past-title-more = { $title }: { $count } and older ones
past-outgoing = outgoing
past-incoming = incoming
past-missed = missed
past-elsewhere = elsewhere
past-asking = asking the phone
past-none-found = no call is found; Esc shows all
past-none = no calls yet
past-call = Call
past-not-over = not over yet
past-cut-off = nobody knows: the phone ended first
past-not-at-all = not at all
past-quality = { $grade }, MOS { $mos }
past-fact-number = number
past-fact-kind = kind
past-fact-began = began
past-fact-talked = talked
past-fact-ended = ended
past-fact-codec = codec
past-fact-quality = quality
past-fact-recording = recording
past-fact-account = account
past-fact-address = address
past-fact-call-id = call id

## View: people

people-title = Contacts
people-title-count = Contacts: { $count }
people-title-found = Contacts: { $found } of { $count }
people-asking = asking the phone
people-nobody-yet = nobody yet
people-add = { $key } adds somebody; tuiphone contacts import FILE brings many
people-nobody-found = nobody is found; { $key } adds somebody
people-contact = Contact
people-new = New contact
people-change = Change { $name }
people-yes = yes
people-no = no
people-space = (Space changes it)
people-fact-said = said
people-fact-id = id
people-fact-from = from
people-directory = the directory, which may change this again

## View: quality

quality-title-none = Quality
quality-title = Quality: { $who }, { $state }
quality-title-of = Quality: { $who }, { $state } ({ $at } of { $count })
quality-no-sound = No call has had any sound yet.
quality-call-somebody = Call somebody: how it sounds, each way, shows here second by second.
# Before the verdicts: nine cells, or five where there is little room.
quality-you-hear = you hear
quality-they-hear = they hear
quality-here = here
quality-there = there
quality-nothing = nothing
quality-not-known = not known: no report came yet
quality-cause-here = { $cause }, from them to you, counted here
quality-cause-there = { $cause }, from you to them, told by RTCP
# Before the graphs: eight cells.
quality-graph-loss = loss
quality-graph-buffer = buffer
quality-graph-mos = MOS here
quality-they-say = they say
quality-you-say = you say
quality-lost = { $percent } % lost
quality-mos = MOS { $mos }
# Before the facts: eight cells.
quality-fact-summary = summary
quality-fact-codec = codec
quality-fact-packets = packets
quality-fact-delay = delay
quality-fact-far-end = far end
quality-fact-so-far = so far
quality-fact-repairs = repairs
quality-fact-devices = devices
quality-fact-way = way
quality-fact-first = first
quality-fact-dropped = dropped
quality-codec = { $codec }, { $ptime_ms } ms packets, { $protection }
quality-packets = { $sent } sent, { $received } received, { $lost } lost, { $late } late
quality-jitter = jitter { $jitter_ms } ms
quality-buffer = buffer { $depth_ms } ms
quality-round-trip = round trip { $rtt_ms } ms
quality-mouth-to-ear = mouth to ear { $delay_ms } ms
quality-so-far = MOS here { $mean } on average, { $least } at its worst
quality-repairs = { $concealed_ms } ms made up, { $stretched_ms } ms stretched
quality-gaps = { $microphone } gaps of the microphone, { $speaker } of the speaker
quality-first = sound came { $after_ms } ms after the answer
quality-misses = misses { $now } % of your packets now, { $all } % in all
quality-misses-now = misses { $now } % of your packets now
quality-misses-in-all = misses { $all } % of your packets in all
quality-no-report = has sent no report (RTCP) yet
quality-on-average = { $grade } on average (MOS { $mos })

## View: registrations

accounts-title = Accounts
accounts-title-count = Accounts: { $count }
accounts-none = no account yet
accounts-setup = tuiphone setup asks for one; { $key } shows the settings, where [Account1] is the first
accounts-default = default
accounts-direct = ready: it has no registrar, and calls by address
accounts-since = { $state }, for { $time }
accounts-renewed = in { $time }, and is renewed before
accounts-failures = { $count } since this interface was opened
accounts-tls-verified = encrypted; the server has proven its name
accounts-tls-pinned = encrypted; the server has the one certificate of tlsFingerprint
accounts-tls-unverified = encrypted, but not verified: anybody could be there (tlsVerify=0)
accounts-tls-none = none: what is signalled can be read on the way
accounts-nat-between = { $at }: a NAT is between
accounts-mailbox = { $words }; { $number } is the mailbox
accounts-seconds = { $count } s
accounts-minutes = { $count } min
accounts-hours = { $time } h
# Before the facts: ten cells.
accounts-fact-state = state
accounts-fact-why = why
accounts-fact-try = try
accounts-fact-last-said = last said
accounts-fact-failures = failures
accounts-fact-expires = expires
accounts-fact-address = address
accounts-fact-server = server
accounts-fact-by-way-of = by way of
accounts-fact-tls = tls
accounts-fact-seen-as = seen as
accounts-fact-nat = nat
accounts-fact-rewritten = rewritten
accounts-fact-gruu = gruu
accounts-fact-path = path
accounts-fact-route = route
accounts-fact-voicemail = voicemail
accounts-fact-codecs = codecs

## View: settings

settings-title = Settings
settings-title-count = Settings: { $count }
settings-title-found = Settings: { $found } of { $count }
settings-title-changed = { $title }, changed ones
settings-asking = asking the phone
settings-none-found = no key is found; Esc shows all
settings-empty-word = (empty)
settings-kept = MicroSIP's own: kept in the file, not used
settings-locked = locked
settings-hidden = set, not shown
settings-on = on
settings-off = off
settings-one = Setting
settings-flag-on = on (1)
settings-flag-off = off (0)
settings-empty = empty
settings-value-hidden = set, and not shown
settings-not-set = not set
settings-from-default = nowhere: the default counts
settings-from-command-line = the command line, until the phone ends
settings-from-common = { $place }, which counts for every account
settings-takes-restart = when the phone is started the next time
settings-takes-anew = at once; the account registers anew
settings-takes-now = at once, or with the next call
# Before the facts: ten cells.
settings-fact-what = what
settings-fact-unused = unused
settings-fact-value = value
settings-fact-locked = locked
settings-fact-choices = choices
settings-fact-default = default
settings-fact-from = from
settings-fact-counts = counts
settings-fact-key = key

## View: setup

setup-title = Setting up tuiphone
setup-welcome = Welcome. Five questions, and the phone is ready.
setup-nothing-written = Nothing is written before the last of them, and Esc goes back.
setup-takes-a-moment = This takes a moment. Where nothing answers, up to half a minute.
setup-keep-where = Where is the password to be kept?
setup-writing = Writing
setup-found = Found here: { $what }.
setup-login = login
setup-exchange = exchange
setup-login-help = Login: only where your provider has told you a second name to log in with.
setup-registered = Registered over { $way }.
setup-microphone = microphone
setup-speaker = speaker
setup-asking = Asking { $server }
setup-asking-over = Asking { $server } over { $way }
setup-ready = { $who } is ready.
setup-kept = { $who } is kept, though it did not register.
setup-written-to = It is written to { $file }.
setup-progress = { $number } of { $count }: { $name }
setup-import = Bring over what was found, and register as { $user }
setup-by-hand = Set up an account: five questions
setup-demo = Try the demo first: nothing is needed for it
setup-skip = Not now: open the phone without an account
setup-again = Ask once more
setup-anyway = Keep the answers as they are, and go on
setup-speak = Speak now; then listen
setup-test = Test the microphone: speak, then hear yourself
setup-hang-up = Hang up
setup-go-on = It is well: go on
setup-call-echo = Call the echo service, number:{" "}
setup-mend = { $question ->
    [1] Mend the server
    [2] Mend the user
    [3] Mend the password
    [4] Mend the connection
   *[5] Mend the sound
}
setup-key-choose = choose
setup-key-move = move
setup-key-leave = leave
setup-key-next = next
setup-key-back = back
setup-key-exchange = exchange
setup-key-login = login
setup-key-register = register
setup-key-do = do it
setup-key-stop = stop
setup-key-write = write and open the phone
setup-server = server
setup-user = user
setup-password = password
setup-connection = connection
setup-sound = sound
setup-server-question = Which server does the phone belong to?
setup-user-question = What is your user name there?
setup-password-question = And your password?
setup-connection-question = How is the server reached?
setup-sound-question = Do microphone and speaker work?
setup-connection-help = If you do not know, leave it at automatic.
setup-sound-help = Say something and look at the bar. An echo call sends back what you say.
setup-automatic = automatic: UDP, then TCP, then TLS; the first that answers
setup-udp = UDP, as most servers have it
setup-tcp = TCP, where a firewall drops UDP
setup-tls = TLS, encrypted
setup-echo-needed = Type the number of the echo service, if your server has one.
setup-server-needed = A server is needed: a name such as pbx.example.net, or an address.
setup-server-wrong = That is no name of a server: letters, digits, dots and hyphens alone.
setup-port-wrong = Behind the colon stands a port, a number from 1 to 65535.
setup-user-needed = A user is needed: your extension, or the name the server knows you by.
setup-user-wrong = A user name has no blanks, quotes or angle brackets.
setup-offer = { $who } of { $programs }
setup-offer-more = { $who } and { $count } more of { $programs }
setup-offer-contacts = { $count ->
    [one] { $offer }, 1 contact
   *[other] { $offer }, { $count } contacts
}
setup-offer-calls = { $count ->
    [one] { $offer }, 1 call
   *[other] { $offer }, { $count } calls
}
setup-password-sealed = MicroSIP keeps this password encrypted: type it once more.
setup-password-hashed = Only a hash of this password is kept there: type it once more.
setup-password-missing = No password is kept there: type it once.
setup-password-of = Password of { $who }:
setup-keep-keyring = In the keyring of this system
setup-keep-kernel = In the kernel, until the machine is restarted
setup-keep-file = In a file that only you can read: { $file }
setup-keep-plain = As plain text in { $file }
setup-keep-nowhere = Nowhere: it is asked for at each start
setup-not-started = The phone could not be started here.
setup-no-answer-over = no answer over { $way } in { $seconds } s
setup-no-number = { $who } stands in { $file } under no number: name its section [Account1] first
setup-test-told-nothing = the test told nothing
setup-rings = It rings.
setup-connected = Connected: say something, and it comes back.
setup-sounded = { $ended } It sounded { $grade }, { $mos } of 5.
setup-left = tuiphone: nothing was set up, and nothing was written; `tuiphone setup` asks again
setup-skipped = tuiphone: nothing was set up; `tuiphone setup` asks again
setup-saved = tuiphone: `tuiphone` opens the phone

## Setup line by line: back, quit, y, n and the numbers are typed as they stand here

setup-lines-begin =
    Setting up tuiphone: five questions. Enter takes what stands in brackets; back goes one question back,
    quit leaves. Nothing is written before the last answer.
setup-lines-found = Found: { $what }.
setup-lines-bring = Bring it over? y or n
setup-lines-ways = 1 set up an account, 2 try the demo, 3 not now
setup-lines-question = { $number } of { $count }. { $question }
setup-lines-number-wrong = A number from 1 to { $count }.
setup-lines-login = Authentication ID, where there is one
setup-lines-exchange = Exchange: { $names }
setup-lines-asking = Asking { $server } over { $way }.
setup-lines-registered = { $who } is registered over { $way }.
setup-lines-refused = The server could not be registered with: { $why }.
setup-lines-mend = { $question ->
    [1] mend the server
    [2] mend the user
    [3] mend the password
    [4] mend the connection
   *[5] mend the sound
}
setup-lines-again = ask once more
setup-lines-anyway = keep the answers as they are
setup-lines-sound = { $question } 1 test the microphone, 2 call the echo, 3 go on
setup-lines-speak = Speak now; then listen.
setup-lines-echo = Number of the echo service
setup-lines-its-number = Its number
setup-lines-saved = { $who } is set up in { $file }.
setup-lines-phone-gone = The phone is gone.
setup-lines-echo-over = The echo call is over.

## What is wrong with a keymap

keymap-no-action = { $name } is no action: tuiphone keymap actions
keymap-named-twice = { $name } has its keys on line { $line } already; several stand there with commas
keymap-needs-key = { $name } needs a key
keymap-needs-no-letter = { $name } needs a key that is no letter, such as F2, for when something is typed
keymap-bound-twice = { $keys } is bound twice: { $name } and { $own }
keymap-begin-alike = { $same } ({ $name }) and { $keys } ({ $own }) begin alike, so that one of them is never reached
keymap-key-missing = a key is missing: none unbinds, Comma is the key of that name
keymap-no-key = '{ $key }' is no key: a, F2, Ctrl-x, Alt-Up, Enter, Space, Comma, or up to three with blanks between
keymap-dialled = '{ $key }' is not to be had: digits, *, # and + are dialled
keymap-begins-like-own = '{ $key }' begins like another key of the same action
keymap-too-many = an action has { $count } keys at most
keymap-twin = most terminals tell { $key } as { $twin }

## What is wrong with a theme

theme-no-role = { $name } is no role: { $known }
theme-faint = { $role } has a contrast of { $contrast } to its background; { $least } reads well
theme-no-digits = '{ $word }' is not #rrggbb or #rgb
theme-no-colour = '{ $word }' is no colour: #rrggbb, 0 to 255, black, red, bright-blue, default, or a name of [palette]
theme-on-alone = 'on' needs a colour behind it
theme-two-backgrounds = there are two backgrounds
theme-two-colours = there are two colours before '{ $word }'

## What is wrong with any file of one's own

file-odd = { $kind ->
    [theme] theme { $fault }; tuiphone theme check { $name } tells all
    [keymap] keymap { $fault }; tuiphone keymap check { $name } tells all
   *[language] language { $fault }; tuiphone words check { $name } tells all
}
file-fault = { $name }: { $words }
file-fault-on-line = { $name } line { $line }: { $words }
file-note = { $name }: note: { $words }
file-note-on-line = { $name } line { $line }: note: { $words }
file-too-large = the file is larger than { $size } KB
file-not-utf-8 = the file is not UTF-8
file-no-section = { $name } is none of { $known }
file-no-value = '{ $text }' is no NAME=VALUE
file-no-key = { $key } is no key of [{ $section }]: inherits
file-in-other = { $name }: line { $line }: { $fault }
file-in-a-ring = { $kind ->
    [theme] { $name } begins with itself, or more than { $most } themes stand behind each other
   *[keymap] { $name } begins with itself, or more than { $most } keymaps stand behind each other
}
file-not-there = { $kind ->
    [theme] there is no theme { $name }: tuiphone theme list
   *[keymap] there is no keymap { $name }: tuiphone keymap list
}

## Times

local-am = { $time } am
local-pm = { $time } pm
refusal-wants-password = The server wants a password.
refusal-own-reason = The server refuses for a reason of its own.
refusal-no-such-server = There is no server of that name; or this machine has no way to the network.
refusal-unproven = The server does not prove who it is, or does not speak TLS there.
refusal-no-way = There is no way to that address: no network, or a VPN that is off.
refusal-nobody-listens = Nobody listens there: another port or transport, or the server is off.
refusal-silence = Nothing comes back: a wrong name or port, or a firewall in between.
refusal-no-answer = no answer

## View: sheet

sheet-title = { $title }: lines { $first } to { $last } of { $all }
sheet-yes = yes
sheet-no = no

## View: shortcuts

shortcuts-title = Shortcuts
shortcuts-title-key = Shortcuts from { $key } on
shortcuts-write = write
shortcuts-keys = keys
shortcuts-transfer = transfer
shortcuts-conference = conference
shortcuts-call-transfer = call, transfer
shortcuts-call-conference = call, conference
shortcuts-not-known = not known

## View: switchboard

switchboard-title = Switchboard
switchboard-title-count = Switchboard: { $count }
switchboard-title-found = Switchboard: { $found } of { $count }
switchboard-ringing = { $count } ringing
switchboard-talking = { $count } talking
switchboard-held = { $count } on hold
switchboard-more = and { $count } more
switchboard-minutes = { $count } min
switchboard-hours = { $time } h
switchboard-none-found = nobody is found; Esc shows all
switchboard-nobody = nobody is watched yet
switchboard-contacts = { $contacts } opens the contacts, { $edit } changes one: with 'light' on, this shows what they do
switchboard-watch = or name numbers: { $example }
switchboard-to = { $who } to { $whom }?
switchboard-talks-with = talking with { $who }
switchboard-for = { $does }, for { $time }
# What a light shows in one letter, where there is room for no more.
switchboard-letter-unknown = ?
switchboard-letter-offline = O
switchboard-letter-free = F
switchboard-letter-ringing = R
switchboard-letter-talking = T
switchboard-letter-held = H
switchboard-letter-away = A

## View: themes

themes-title = Themes
themes-reading = reading them
themes-yours = yours

## View: threads

threads-title = Messages
threads-title-with = Messages: { $who }
threads-none = none yet
threads-how = type a number; { $key } writes to it
threads-writes = { $who } is writing
threads-write = write:
threads-new = { $count } new
threads-you = you: { $text }
threads-sending = sending
threads-delivered = delivered
threads-on-its-way = on its way
threads-refused = not delivered: { $why }
threads-nothing = nothing written yet

## View: window title

title-calls = calls

## View: words for states

words-unknown = unknown
words-via = via { $name }
words-calling = calling
words-ringing = ringing
words-progress = progress
words-incoming = incoming
words-transfer = transfer
words-held-there = held by far end
words-talking = talking
words-on-hold = on hold
words-ended = ended
words-transfer-asked = to { $to }: asked
words-transfer-ringing = to { $to }: ringing
words-transfer-calling = to { $to }: calling
words-recording = recording into { $file }
words-recording-paused = the recording is paused
words-recorded = recorded: { $file }
words-playing = playing { $file }
words-played = played { $file }
words-played-no-longer = { $file } is played no longer
words-sent-by = sent by { $who }
words-picked-up = picked up from { $number }
words-asks = { $who } asks you to call { $whom }
words-ready = ready
words-off = off
words-registering = registering
words-registered = registered
words-failed = failed
words-light-unknown = not known
words-light-offline = offline
words-light-free = free
words-light-ringing = ringing
words-light-busy = on the phone
words-light-held = on hold
words-light-away = away
words-parked-at = parked at { $place }
words-transferred = transferred to { $to }
words-talked = talked { $time }
words-cancelled = cancelled
words-server-refused = the server refused it
words-failed-here = the fault is on this side
words-answered-elsewhere = answered elsewhere
words-no-keys = no keys
words-encrypted-by = encrypted { $srtp }
words-waits-for-keys = waits for keys
words-keys-in-clear = encrypted, keys in clear
words-encrypted = encrypted
words-not-encrypted = not encrypted
words-codec = { $codec } { $rate } kHz
words-loss = loss { $percent }%
words-jitter = jitter { $jitter_ms } ms
words-good = good
words-fair = fair
words-poor = poor
words-bad = bad
words-voicemail = voicemail: { $waiting }
words-voicemail-none = none new
words-voicemail-some = some waits
words-voicemail-new = { $count } new
words-nothing-heard = nothing is heard
words-nothing-heard-why = nothing is heard: { $why }
words-not-heard = you are not heard
words-not-heard-why = you are not heard: { $why }

## Why it failed

why-answered = { $method } was answered { $answer }
why-we-answered = this phone answered { $method } with { $answer }
why-silence = { $count ->
    [one] nobody at { $place } answered { $method }
   *[other] nobody at { $place } answered { $method }, sent { $count } times
}
why-ack-lost = the far end repeats its 200 OK ({ $count } times): our ACK does not arrive
why-no-ack = our 200 OK was sent { $count } times, and no ACK came
why-nothing-heard = nothing is heard here: { $reason }
why-nothing-heard-inner = nothing is heard here: { $reason }. The far end names { $place } for its sound; it talks from { $from }
why-not-heard = this side is not heard: { $reason }
why-not-registered = { $aor } is not registered: { $reason }
why-call-failed = the call failed: { $reason }
why-registered = nothing failed: { $aor } is registered
why-registering = { $aor } is about to register
why-not-registering = { $aor } does not register
why-no-messages = there are no messages to judge
why-we-gave-up = nothing failed: this phone gave up before an answer
why-they-gave-up = nothing failed: the far end gave up before an answer
why-we-hung-up = nothing failed: it was answered, and this phone hung up
why-they-hung-up = nothing failed: it was answered, and the far end hung up
why-call-up = nothing failed: the call is up
why-no-answer-yet = nothing failed so far: no answer yet
why-nothing-failed = nothing failed
why-warns = it warns: { $text }
why-try-again = { $said }, try again in { $time }
why-retry-after = it may be tried again after { $seconds } s
why-unsupported = it does not know: { $what }
why-min-expires = it wants at least { $seconds } s
why-error-info = it says more at { $place }
why-reason = reason: { $meaning }
why-reason-text = reason: "{ $text }"
why-reason-and-text = reason: { $meaning } ("{ $text }")
why-we-ended = this phone sent { $method }; { $reason }
why-they-ended = the far end sent { $method }; { $reason }

## What the engine says, known by these words: they stand like that in its source

# How calls sound, and why not better.
engine-cause-loss = loss { $percent } %
engine-cause-bursts = loss { $percent } %, bursts of { $count }
engine-cause-jitter = jitter, { $percent } % come too late
engine-cause-delay = delay { $time } ms
engine-cause-codec = the codec
engine-silence-nothing = no packet came; a firewall or NAT is in the way, or the far end sends nothing
engine-silence-kept = the far end says that it sends, but nothing comes; a firewall or NAT is in the way
engine-silence-unsaid = the far end reports, but sends no sound
engine-silence-elsewhere = packets come from { $place }, which is not the address that was agreed
engine-silence-codec = the far end sends payload type { $type }, which was not agreed
engine-silence-stopped = its packets stopped, its reports go on
engine-silence-gone = its packets stopped; the network or the far end is gone
engine-silence-unheard = the far end reports that nothing comes to it; a firewall or NAT may be in the way
engine-dropped = { $count } packets were not taken (most { $what }), the last from { $place }
engine-dropped-call = at the sound of call { $call } { $what }
engine-ice-checking = looking for a way
engine-ice-relay = through a relay
engine-ice-direct = direct
engine-ice-failed = no way found
engine-ice-lost = way lost
engine-keys-clear = keys in clear
engine-keys-tls = keys over TLS
engine-voice-echo = echo canceller
engine-voice-noise = noise suppression
engine-voice-rnnoise = noise suppression by RNNoise
engine-voice-gain = automatic gain

# The microphone and the speaker.
engine-sound-good = the microphone works: { $levels }
engine-sound-soft = the microphone is soft, turn it up or boost on: { $levels }
engine-sound-loud = the microphone is too loud, turn it down: { $levels }
engine-sound-levels = loudest { $loudest } dBFS, { $mean } dBFS in the mean
engine-sound-none = no sound came from the microphone: is it muted, is it the right one? `tuiphone devices` lists them
engine-card-back = the sound devices are back
engine-card-none = no sound card: { $instead }
engine-card-no-microphone-silence = no microphone ({ $why }): the other side hears silence
engine-card-no-microphone = no microphone ({ $why }): { $instead }
engine-card-no-speaker = no speaker ({ $why }): you hear nothing
engine-card-not-there = { $name } is not there: the system's own is used until it is

# Registrations, and the way to servers.
engine-no-answer = no answer
engine-no-answer-within = no answer from { $peer } in { $seconds } s
engine-refused-password = { $answer } from { $server }: wrong user or password?
engine-refused-user = { $answer } from { $server }: is the user right?
engine-refused-md5 = { $answer } from { $server }: it takes MD5 alone, which refuseMd5 rules out
engine-unreached = cannot reach { $peer }: { $why }
engine-unfound = cannot find { $name }: { $why }
engine-unconnected = cannot connect to { $place } ({ $transport }): { $why }
engine-no-address = it has no address
engine-no-address-of = { $name } has no address
engine-path-lost = the path to { $place } ({ $transport }) was lost: { $why }
engine-md5-alone = it takes MD5 alone, which refuseMd5 rules out
engine-user-or-password = wrong user or password?
engine-certificate-expired = the certificate of { $name } has expired; its owner must renew it, or is this machine's clock wrong?
engine-certificate-early = the certificate of { $name } is not valid yet; is this machine's clock wrong?
engine-certificate-other = the certificate is one of { $names }, not of { $name }; { $next }
engine-certificate-wildcard = SIP takes no wildcard (RFC 5922); to trust it, set tlsWildcard=1 or tlsFingerprint={ $fingerprint }
engine-certificate-by-name = ask for the server by the name in it
engine-certificate-unnamed = the certificate is not one of { $name }; ask for the server by the name in it
engine-certificate-unknown = no known authority vouches for the certificate of { $name }; to trust it, set tlsCaFile or tlsFingerprint={ $fingerprint }
engine-certificate-revoked = the certificate of { $name } has been revoked
engine-certificate-print = the certificate of { $name } is another one than tlsFingerprint says: { $fingerprint }
engine-certificate-bad = the certificate of { $name } is not acceptable: { $why }
engine-tls-refused = { $name } refused the TLS handshake: { $why }
engine-tls-version = { $name } speaks no TLS this phone accepts (1.2 or 1.3)
engine-tls-none = { $name } does not speak TLS on this port
engine-tls-failed = the TLS handshake with { $name } failed: { $why }
engine-rewritten = a SIP ALG in the router rewrites what we send: { $what }
engine-rewritten-header = our { $header } of { $ours } came back as { $theirs }
engine-rewritten-both = a SIP ALG in the router rewrites what comes and goes
engine-rewritten-source = { $server } is outside and says it sees us at { $place }: { $what }
engine-rewritten-contact = our Contact of { $ours } was registered as { $theirs }: { $what }
engine-rewritten-righted = the server puts it right, or a SIP ALG in the router rewrites it
engine-rewritten-next = turn the SIP ALG of the router off, or use transport=tls
engine-nat-asked = asked for
engine-nat-blocked = no STUN server answers: UDP may be blocked
engine-nat-none = no NAT
engine-nat-firewall = no NAT, but a firewall
engine-nat-cone = NAT with one address for everybody (cone)
engine-nat-symmetric = symmetric NAT: another address for each far end; calls may need TURN
engine-nat-open = lets anybody in
engine-nat-address = lets in whom it was sent to, from any port
engine-nat-port = lets in only whom it was sent to

# How calls end.
engine-ended-silence = nothing was heard of the far end for { $seconds } s
engine-ended-unanswered = nobody answered in { $seconds } s
engine-ended-gone = the far end is gone: { $why }
engine-ended-lost = the far end lost the call ({ $status })
engine-ended-caller = the caller cannot be reached
engine-ended-unreadable = no call follows from the answer: its { $header } cannot be read
engine-ended-no-sound = answered, but { $why }
engine-ended-no-sound-of-caller = the caller's answer has no sound this phone can play
engine-ended-unplayable = with no sound this phone can play
engine-ended-moved = moved to { $uri }, not followed by itself: call that address to go on
engine-ended-anonymous = whoever calls there must say who it is; hideCID hides it
engine-ended-timer = a session timer of at least { $seconds } s is asked for
engine-ended-in-time = it lasted as long as autoHangUpTime lets it
engine-ended-decided = refused by decideIncoming
engine-ended-played = it has heard what decideIncoming played
engine-ended-transferred = transferred to { $to }
engine-shown-no-password = it is no server of this account, and is shown no password
engine-realm-no-password = { $realm } is no realm of this account, and is shown no password
engine-not-transferred = call { $call } is not transferred to { $to }: { $why }
engine-transfer-silent = no word of it in { $seconds } s
engine-transfer-still-here = it is still here after { $seconds } s
engine-transfer-untold = the far end does not tell what became of it
engine-transfer-ended = the call ended before
engine-transfer-back = you have the call back
engine-transfer-returns = you get the call back
engine-transfer-on-hold = the call is on hold
engine-unencrypted = call { $call }: the far end encrypts its sound no longer, and neither do we
engine-not-delivered = the message to { $whom } was not delivered: { $why }

# Commands that are refused.
engine-no-call-of = no call { $id }
engine-there-is-no-call-of = there is no call { $id }
engine-no-call-ringing = no call is ringing
engine-wrong-state = call { $call } { $state }
engine-not-ringing = is not ringing here
engine-not-connected = is not connected
engine-transferred-already = call { $call } is being transferred already
engine-no-second-call = there is no second call to connect with
engine-no-second-call-hint = call them first, or leave --attended out to hand the call over at once
engine-conference-two = a conference takes two calls that are answered
engine-conference-none = there is no conference
engine-conference-hint = call the second, then: tuiphone conference
engine-one-at-a-time = another call is up, and this phone takes one at a time
engine-cannot = cannot { $verb } { $number }: { $why }
engine-cannot-conference = cannot make conferences: this phone takes one call at a time
engine-cannot-dnd = cannot turn do-not-disturb on: denyIncoming in the settings rules who may ring
engine-cannot-change = cannot change { $key }: override.ini says what it is
engine-cannot-change-hint = `tuiphone config print` tells what is locked, and where
engine-cannot-ignore = cannot ignore a call: noIgnoreCall in the settings forbids it
engine-cannot-ignore-hint = answer it or reject it
engine-no-mailbox = no mailbox is known
engine-no-mailbox-hint = name it in the account's voicemailNumber
engine-no-pause = calls ring here already: no talk is being wrapped up
engine-no-account = no account { $name }
engine-accounts-hint = `tuiphone accounts` lists them
engine-no-server = account { $number } has no server
engine-no-server-hint = give the account a server
engine-nobody-to-pick-up = there is no call to pick up: nobody who is watched is being called
engine-nobody-to-pick-up-hint = name the number that rings: pickup 201
engine-no-park-number = cannot park: no number to park at is known
engine-no-park-number-hint = name it, park 700, or set parkNumber
engine-nothing-parked = cannot tell which parked call to retrieve
engine-nothing-parked-hint = name its place: retrieve 701
engine-cannot-forward = cannot forward to { $number }: { $why }
engine-own-number = it is this phone's own
engine-no-callable-number = it is no number this account can call
engine-number-hint = a number, user@host or sip:user@host
engine-recorded-already = call c{ $call } is recorded already
engine-no-contacts = this phone has no contacts
engine-no-history = this phone keeps no history of calls
engine-contact-without-number = there is no number to add
engine-messages-off = messages are turned off
engine-message-too-long = a message has 1 to { $most } bytes, this one { $bytes }
engine-too-many-messages = { $count } messages are on their way, the most there can be
engine-nobody-called = nobody was called yet
engine-phone-stopped = the phone has stopped
engine-shutting-down = the phone is shutting down
engine-only-a-person = only a person dials that: { $why }
engine-no-shortcut = no shortcut { $which }
engine-reloaded = the settings were read again: { $keys }
engine-reloaded-same = the settings were read again: nothing has changed
engine-ended-before = hung up before the answer
engine-ended-unregistered = the account was not registered in time
engine-ended-forwarded = forwarded to { $to }
engine-ended-no-keys = no keys for its sound: { $why }
engine-network-away = the network is away
engine-dropped-hint = the call goes on; `tuiphone calls --json` counts them under media.dropped
engine-ended-no-keys-call = call { $call } has ended, as there are no keys for its sound: { $why }
engine-ended-no-keys-hint = SRTP=mandatory in the account takes keys out of the signalling instead
engine-unencrypted-hint = SRTP=mandatory in the account would refuse that
engine-cannot-follow = call { $call } cannot follow to the new address: { $why }
engine-cannot-follow-hint = hang up and call again if nothing is heard
engine-no-way = call { $call }: no way to the far end was found
engine-no-way-hint = a TURN server (turnServer in [tuiphone]) carries sound where no direct way is
engine-way-gone = call { $call }: the far end is not reached any more
engine-addresses-changed = something on the way changes the addresses in descriptions of calls: ICE is not used
engine-addresses-changed-hint = a router's SIP ALG does so; turn that off, or set transport=tls
engine-servers-hint = see STUN in [Settings] and turnServer in [tuiphone]
engine-stun-none = no STUN server: { $why }
engine-stun-hint = check STUN, or set enableSTUN=0; the registrar's view of us is used meanwhile
engine-stranger-rang = a call from { $place } was refused (404): strangers may not ring
engine-stranger-rang-hint = acceptFrom=any in the section [tuiphone] of the ini lets them
engine-strangers-counted = `tuiphone status` counts them; a firewall keeps them away sooner
engine-exchange-untold = the exchange was not told of { $what }: { $why }
engine-exchange-untold-hint = call { $code } by hand
engine-not-published = cannot tell { $server } whether we are free: { $why }
engine-not-published-hint = or set publish=0
engine-cannot-watch = cannot watch { $who }
engine-history-unkept = the history of calls is not kept: { $why }
engine-recording-gaps = { $time } ms are silent in { $file }: the disk was too slow
engine-recording-cut = the call goes on, what was written before can be played
engine-not-recorded = is not recorded, or is so already
engine-not-played-to = is played nothing
engine-cannot-record = cannot record into { $file }: what it ends with is no form this phone writes
engine-cannot-send-digits = cannot send { $digits } as digits
engine-no-events = the far end of call { $call } takes no telephone events
engine-no-events-hint = try --via info or --via inband
engine-tones-instead = the far end takes no telephone events: the digits are sent as tones
engine-unanswered-no-info = call { $call } is not answered yet: no digits can be sent by INFO
engine-unanswered-no-info-hint = wait for the answer, or try --via inband
engine-held-no-tones = call { $call } is on hold: no digits can be sent in its sound
engine-held-no-tones-hint = resume it, or try --via info
engine-digits-wait = cannot send digits in call { $call }: { $count } wait already
engine-digits-wait-hint = wait until they are sent
engine-no-info = the far end takes no digits by INFO ({ $status })
engine-no-info-hint = try dtmf --via rtp or --via inband, or another DTMFMethod
engine-shortcut-refused = the shortcut { $name } { $why }
engine-shortcut-no-number = has no number
engine-shortcut-no-number-hint = give it one in [Shortcuts]
engine-shortcut-no-text = writes a message, and there is no text
engine-shortcut-no-call = hands a call over, and there is none
engine-shortcut-no-call-hint = call somebody first, or be called
engine-shortcut-conference = makes a conference, and this phone takes one call at a time
engine-shortcut-foreign = is of a kind that this phone does not know
engine-shortcut-foreign-hint = the kinds are those of MicroSIP
engine-voice-not-on = cannot turn the { $part } on: { $why }
engine-voice-none = this build cannot treat voices
engine-voice-no-rnnoise = this build has no RNNoise
engine-voice-hint = build it with the feature { $feature }
engine-amplification = amplification
engine-too-many-calls = { $count } calls are up, the most there can be
engine-too-many-calls-hint = hang up one
engine-single-hint = hang up first, or set singleMode=0
engine-single-off = set singleMode=0
engine-dnd-hint = set denyIncoming=button
engine-calls-hint = `tuiphone calls` lists them
engine-message-parts = send it in parts
engine-message-off-hint = set disableMessaging=0
engine-try-again = try again in a moment
engine-start-again = start it again
engine-another-number = another number
engine-no-settings = this phone has no settings that could be read again
engine-no-settings-file = this phone has no file of settings
engine-no-settings-file-hint = one that is started with --ini FILE has
engine-cannot-reload = cannot read the settings again: { $why }
engine-settings-stay = the settings stay as they are: { $why }
engine-silence-instead = silence is sent, and nothing is heard (null)
engine-voice-instead = a synthetic voice speaks instead
engine-no-cards-built = this build knows no sound cards: { $instead }
engine-ended-refresh = the far end no longer refreshed the call
engine-ended-caller-gave-up = the caller gave up
engine-ended-declined-elsewhere = declined elsewhere
engine-ended-taken-over = taken over by { $who }
engine-ended-unknown-parties = no call follows from the answer: its From or To cannot be read
engine-ended-unregistered-account = the account was un-registered
engine-blocked-dnd = do not disturb
engine-blocked-incoming = blocked by denyIncoming
engine-blocked-anonymous = blocked by denyAnonymous
engine-blocked-same = already in a call with them
engine-blocked-ringing = too many calls from there ring already
engine-blocked-pause = the call before was being wrapped up
engine-blocked-call = another call was up
engine-blocked-calls = the most calls there may be were up
engine-another-call = another call is up
engine-not-on-hold = is not on hold
engine-not-in-conference = is in no conference
engine-not-another = is not another connected call
engine-no-call-to = there is no call to { $verb }
engine-no-account-with-server = no account has a server to register at
engine-number-needs-domain = a number needs an account with a domain; sip:user@host works without
engine-digits-hint = 0-9 * # A-D, a comma for a pause, at most 64
engine-change-unplayable = its answer has no sound this phone can play
engine-change-cannot-ask = the far end cannot be asked
engine-change-refused = the far end refused
engine-change-stays = it stays on hold
engine-change-silence = it hears silence and is not played here all the same
engine-keep-alive-moved = it is seen at { $place } now
engine-keep-alive-silent = no answer to keep-alives
engine-pickup-no-user = cannot pick up { $number }: an address without a user takes no code
engine-hold-music = holdMusic under [tuiphone] names it; silence is heard
engine-too-many-pings = { $count } pings are on their way, the most there can be
engine-no-answer-in-time = no answer in time
engine-server-no-help = { $server } does not help to get through the NAT: { $why }
engine-shutting-down-settings = the phone is shutting down: the settings stay as they are
engine-unconfigured = no longer configured
engine-record-names = name.ogg or name.wav
engine-strangers = { $count } messages from outside were refused (most as { $what }), the last from { $place }
engine-no-host = the address has no host
engine-shortcuts-hint = `tuiphone shortcuts` lists them; they stand in [Shortcuts] of the ini file
engine-codec-left-out = audioCodecs: { $codec } is left out: { $why }
engine-test-in-call = cannot test the microphone during a call
engine-test-hang-up = hang up first
engine-test-muted = the microphone is muted
engine-test-unmute = unmute it first
engine-test-goes = the microphone is being tested already
engine-test-lasts = it takes seven seconds
engine-cannot-follow-registration = cannot follow the registration
engine-cannot-ask-voicemail = cannot ask for voicemail
engine-cannot-transfer-keys = cannot transfer to { $number }: the exchange takes keys, 0-9 * #
engine-transfer-keys-hint = give a number, or set enableFeatureCodeBT=0
engine-no-other-call = no other call with { $who } to connect with
engine-allow-dial-hint = allowDial in the section [tuiphone] of the ini lists what others may dial
engine-sound-cannot-read = sound cannot be read: { $why }
engine-sound-cannot-write = sound cannot be written: { $why }
engine-play-no-sound = there is no sound in it
engine-play-cut = it ends before its sound does: it was cut off
engine-play-no-file = it is no file
engine-record-failed = cannot record into { $file }: { $why }
engine-ring-unread = cannot read { $file } in time
engine-ring-silent = cannot ring with { $file }: there is no sound in it
engine-ring-own = ringingSound: { $why }; the phone's own ring sounds
engine-ports-none = cannot bind a pair of RTP ports on { $place } within { $from }-{ $to }: { $why }
engine-no-way-to-it = no way to it
engine-no-way-to = no way to { $place }: { $why }
engine-resolver-silent = no answer from the resolver in { $seconds } s
engine-no-connection-in = no connection in { $seconds } s
engine-no-answer-in = no answer in { $seconds } s
engine-peer-closed = the peer closed the connection
engine-peer-stuck = the peer took nothing for { $seconds } s
engine-silent-too-long = nothing was heard for too long
engine-network-changed = the network has changed
engine-connection-ended = the connection has ended
engine-keep-alive-unanswered = no answer to a keep-alive in { $seconds } s
engine-websocket-path = { $name } answered { $status } to a WebSocket at /{ $path }; is webSocketPath right?
engine-websocket-no-sip = { $name } speaks no SIP on its WebSocket at /{ $path }; is webSocketPath right?
engine-websocket-none = { $name } speaks no WebSocket here: { $why }
engine-no-tls-built = this build of tuiphone has no TLS; set transport to udp, tcp or ws, or take a build with TLS
engine-contacts-many = { $count } contacts are called { $name }: { $all }
engine-contacts-many-hint = name one by its number, or add --called and its name
engine-contact-none = there is no contact { $name }
engine-contact-none-hint = tuiphone contacts search TEXT finds them; a number, a whole name or an id is meant
engine-contact-no-number = { $name } would have no number
engine-file-there = { $file } is there already
engine-file-there-hint = --force replaces it
engine-cannot-read = cannot read { $file }: { $why }
engine-cannot-write = cannot write { $file }: { $why }
engine-cannot-keep = cannot keep { $what } in { $file }: { $why }
engine-history-damaged = the history of calls in { $file } is damaged; it is now { $other }, and a new one begins
engine-history-unusable = cannot use the history of calls in { $file }: { $why }
engine-phone-away = the phone went away: { $why }
engine-connection-closed = it closed the connection
engine-no-phone = no phone runs on { $place }
engine-no-phone-hint = start it: tuiphone daemon, or tuiphone for the interface
# Packets that were not taken, by the names they are counted under.
engine-dropped-malformed = malformed
engine-dropped-strangers = strangers
engine-dropped-rtcp-strangers = rtcp_strangers
engine-dropped-payload-type = payload_type
engine-dropped-timestamps = timestamps
engine-dropped-jumped = jumped
engine-dropped-other-sources = other_sources
engine-dropped-collision = collision
engine-dropped-mirrored = mirrored
engine-dropped-goodbye = goodbye
engine-dropped-oversize = oversize
engine-dropped-unauthentic = unauthentic
engine-dropped-replayed = replayed
