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
line-the-settings-were-read-again = The settings were read again.
line-calls-are-not-forwarded = Calls are not forwarded.
line-calls-go-out-as-name = Calls go out as { $name }.
line-it-rings-on-not-here = It rings on, not here.
line-taken-on-its-way = Taken, on its way.
line-delivered = Delivered.
line-transferred-to-number = Transferred to { $number }.
line-the-two-are-connected = The two are connected.
line-ping-answers = { $uri } answers { $status } within { $time } milliseconds.
line-the-password-is-taken = The password is taken.
line-no-sound-came-from-the = No sound came from the microphone. devices chooses another one.
line-deleted = Deleted.
line-contact-kept = { $contact }. Kept.
line-exported = { $count } written to { $file }
line-contacts-imported = { $added } added, { $changed } changed, { $same } known already.
line-done = Done.
line-history-imported = { $count } brought over.
line-nothing-is-new-any-more = Nothing is new any more.
line-codec-not-to-be-had = { $id } is not to be had: { $why }
line-codec-not-offered = { $id } is not offered.
line-no-messages-of-that-call = No messages of that call are remembered.
line-ladder-between = Between us and { $address }, { $transport }:
line-the-same-again = The same again.

## Line mode: commands

line-delete-contact = Delete { $name }? y or n.
line-delete-call = Delete the call with { $name }? y or n.
line-calls-go-on = { $count ->
    [one] The call goes on.
   *[other] { $count } calls go on.
}
line-there-is-no-more = There is no more.
line-find-whom-find-and-part = Find whom? find and part of a name.
line-get-what-get-and-a = Get what? get and a key. settings lists them.
line-unset-what-unset-and-a = Unset what? unset and a key.
line-no-echo-service-is-known = No echo service is known. set echoNumber NUMBER names one.
line-nothing-rings = Nothing rings.
line-no-call-is-on-hold = No call is on hold.
line-forward-to-whom-f-and = Forward to whom? f and a number; f off ends it.
line-write-to-whom-message-number = Write to whom? message NUMBER TEXT, or write TEXT to whoever is chosen.
line-does-not-ring = { $name } does not ring.
line-nothing-to-hang-up-r = Nothing to hang up. r rejects what rings.
line-no-call-to-hold = No call to hold.
line-a-conference-takes-two-calls = A conference takes two calls.
line-no-call-to-transfer = No call to transfer.
line-transfer-to-whom-t-and = Transfer to whom? t and a number.
line-transfer-to-whom-or-connect = Transfer to whom? t and a number. connect connects the two calls.
line-connect-takes-two-calls = connect takes two calls.
line-no-call-to-record = No call to record.
line-no-call-to-play-a = No call to play a file to.
line-play-what-y-and-a = Play what? y and a WAV file.
line-quiet-calls-messages-and-faults = Quiet: calls, messages and faults are said.
line-normal-how-calls-go-on = Normal: how calls go on is said too.
line-all-everything-is-said = All: everything is said.
line-digits-apart-or-digits-together = digits apart, or digits together.
line-numbers-stand-apart-600 = Numbers stand apart: 600.
line-numbers-stand-together-600 = Numbers stand together: 600.
line-nothing-was-typed-yet = Nothing was typed yet.
line-there-is-no-such-line = There is no such line.
line-the-phone-ends-with-this = The phone ends with this, and the call. Leave? y or n.
line-choose-a-contact-or-a = Choose a contact or a call of the history first.
line-call-whom-call-and-a = Call whom? call and a number or a name.
line-write-to-whom-choose-somebody = Write to whom? Choose somebody first, or message NUMBER TEXT.
line-write-what-write-and-the = Write what? write and the text.
line-nobody-is-called = Nobody is called { $name }.
line-count-more-enter-goes-on = { $count } more. Enter goes on.

## Line mode: contacts

line-add-whom-add-number-name = Add whom? add NUMBER NAME.
line-choose-a-contact-first-contacts = Choose a contact first: contacts, or find NAME.
line-edit-what-edit-mobile-0170123 = Edit what? edit mobile 0170123, or name, number, phone, email, comment.

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
line-option-and-a-value = --{ $name } and a value
line-for-example = For example: { $line }. { $doc }
line-nothing-goes-on-from-there = Nothing goes on from there.
line-and-more = { $words } and { $count } more.
line-id-for-who = { $id } for { $who }
line-id-for-aor = { $id } for { $aor }

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
line-that-call-is-over = That call is over.
line-all-of-them = All of them
line-no-contacts-add-number-name = No contacts. add NUMBER NAME makes one.
line-contact-with-a-star = { $contact }, with a star
line-is-watched = Is watched.
line-comes-from-a-directory = Comes from a directory.
line-no-such-calls = No such calls.
line-it-ended-ended = It ended: { $ended }
line-account-account = Account { $account }.
line-address-uri = Address { $uri }
line-recorded-into-recording = Recorded into { $recording }
line-nothing-has-happened-yet = Nothing has happened yet.
line-nobody-is-watched-set-watch = Nobody is watched. set watch NUMBERS names some.
line-there-are-no-shortcuts = There are no shortcuts.
line-no-account-set-account1-username = No account. set Account1.username and its like make one.
line-there-is-no-sound-card = There is no sound card.
line-no-messages = No messages.
line-you-not-delivered-text = You, not delivered: { $text }
line-you-text = You: { $text }
line-write-text-answers = write TEXT answers.

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
line-server-refused = the server refused it
# What somebody who talks hears of an incoming call.
line-incoming-short = Incoming call.
line-the-phone-is-gone-why = The phone is gone: { $why }
line-a-link-names-number-call = A link names { $number }. call calls it.
line-the-digits-digits-wait-dtmf = The digits { $digits } wait. dtmf { $digits } sends them.
line-digits-are-tones-now = Digits are tones now.
line-name-asks-you-to-call-2 = { $name } asks you to call { $whom }. a does, r does not.
line-ringing-at-who = Ringing at { $who }.
line-there-is-sound-before-the = There is sound before the answer.
line-talking-to-who = Talking to { $who }.
line-who-is-on-hold = { $who } is on hold
line-talking-to-who-again = Talking to { $who } again.
line-who-is-in-the-conference = { $who } is in the conference
line-who-left-the-conference = { $who } left the conference
line-this-is-whom = This is { $whom }.
line-the-sound-goes-ice = The sound goes { $ice }.
line-who-pressed-digit = { $who } pressed { $digit }
line-nothing-is-heard-reason = Nothing is heard: { $reason }
line-you-are-not-heard-reason = You are not heard: { $reason }
line-there-is-sound-again = There is sound again.
line-you-are-heard-again = You are heard again.
line-name-is-writing = { $name } is writing
line-voicemail-v-calls-the-mailbox = { $voicemail } v calls the mailbox.
line-the-microphones-sound-goes-through = The microphone's sound goes through { $how }.
line-pause-of-time-callers-find = Pause of { $time }: callers find you busy. z ends it.
line-you-are-talking-and-the = You are talking, and the microphone is muted. m opens it.
line-the-phone-has-ended = The phone has ended.
line-name-sends-you-to-whom = { $name } sends you to { $whom }. Calling.
line-picking-up-the-call-of = Picking up the call of { $number }.
line-calling-whom-2 = Calling { $whom }.
line-recording = Recording.
line-the-recording-is-paused = The recording is paused.
line-recorded-into-file = Recorded into { $file }.
line-who-is-transferred-to-to = { $who } is transferred to { $to }
line-who-is-transferred = { $who } is transferred
line-far-hung-up-after-talked = { $far } hung up after { $talked }
line-the-call-with-far-broke = The call with { $far } broke off after { $talked }: { $why }
line-the-call-with-far-ended = The call with { $far } ended after { $talked }
line-the-call-from-far-was = The call from { $far } was answered on another phone
line-rejected-the-call-from-far = Rejected the call from { $far }
line-the-call-from-far-as = The call from { $far }: { $as_deref }
line-missed-call-from-far = Missed call from { $far }
line-gave-up-calling-far = Gave up calling { $far }
line-far-is-busy = { $far } is busy
line-far-did-not-answer = { $far } did not answer
line-far-rejected-the-call = { $far } rejected the call
line-there-is-no-number-far = There is no number { $far }
line-the-call-to-far-failed = The call to { $far } failed: { $kind }. why tells more
line-message-from-name-what = Message from { $name }: { $what }
line-the-speech-server-is-away = The speech server is away, sentences are only written: { $why }.
line-the-speech-server-has-gone = The speech server has gone, sentences are only written.

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
line-set-what-set-key-value = Set what? set KEY VALUE. settings lists the keys.
line-all-settings-are-as-they = All settings are as they come.
line-no-setting-has-what-in = No setting has { $what } in it.
line-it-is-one-of-names = It is one of { $names }.
line-there-is-neither-a-command = There is neither a command nor a setting { $shown }. help all lists the commands.
line-there-is-no-setting-shown = There is no setting { $shown }. settings { $shown } looks for it.
line-there-is-no-setting-shown-2 = There is no setting { $shown }, but { $names }.

## Line mode: what is typed

line-end-phone = This ends the phone. leave only leaves. End it? y or n.
line-end-phone-and-calls = { $count ->
    [one] This ends the phone and the call. leave only leaves. End it? y or n.
   *[other] This ends the phone and { $count } calls. leave only leaves. End it? y or n.
}
line-that-line-has-control-characters = That line has control characters. Nothing was done.
line-nothing-was-done = Nothing was done.
line-there-is-no-command-first = There is no command { $first }. Question mark is help.
line-forget-all-calls-that-were = Forget all calls that were? y or n.
line-what-happens-is-said-here = What happens is said here anyway. all says everything.
line-the-sound-of-a-call = The sound of a call needs a program: tuiphone sound, in a shell.
line-in-a-call-digits-are = In a call digits are tones. call { $text } dials.
line-whom-rings-a-answers-r-2 = { $whom } rings. a answers, r rejects. call { $text } dials.
line-who-has-not-answered-yet = { $who } has not answered yet. call { $text } dials.

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
line-tuiphone-accounts-in-short-question = tuiphone. { $accounts_in_short } Question mark is help.
line-name-asks-you-to-call = { $name } asks you to call { $whom }. a does, r does not
line-calling-whom = Calling { $whom }
line-ringing-at-far = Ringing at { $far }
line-calling-far-with-sound-before = Calling { $far }, with sound before the answer
line-far-rings-ignored = { $far } rings, ignored
line-whom-rings-a-answers-r = { $whom } rings. a answers, r rejects
line-far-has-put-you-on = { $far } has put you on hold, { $time }
line-talking-to-whom-time = Talking to { $whom }, { $time }
line-far-is-on-hold-time = { $far } is on hold, { $time }
line-no-account = No account.
line-not-registered = Not registered.
line-registered-as-names = Registered as { $names }.
line-registered-as-aor-the-servers = Registered as { $aor }. The server's certificate is not verified.
line-registered-as-aor = Registered as { $aor }.
line-registering-as-aor = Registering as { $aor }.
line-aor-is-ready-without-a = { $aor } is ready, without a server
line-not-registered-as-aor = Not registered as { $aor }.
line-cannot-register-as-aor-why = Cannot register as { $aor }: { $why }.
line-cannot-register-as-aor-no = Cannot register as { $aor }: no answer.
line-renewed-within-time = Renewed within { $time }.
line-seen-from-outside-at-at = Seen from outside at { $at }.
line-nothing-is-heard-why = Nothing is heard: { $why }
line-the-sound-is-not-measured = The sound is not measured yet.
line-there-is-no-sound-with = There is no sound with { $who } yet.
line-there-is-no-sound-now = There is no sound now. test-audio tests the microphone.
line-none-in-use = none in use
line-microphone-input-volume-volume-mic = Microphone: { $input }, volume { $volume_mic }.
line-speaker-output-volume-volume = Speaker: { $output }, volume { $volume }.
line-the-voice-goes-through-words = The voice goes through { $words }.
line-no-call-has-ended-since = No call has ended since you came.
line-that-means-outcome = That means: { $outcome }
line-ladder-id-tells-its-messages = ladder { $id } tells its messages.

## Log: what happened

log-warnings-and-errors = warnings and errors
log-not-known = not known
log-calling-who = calling { $who }
log-our-invite-is-out = our INVITE is out
log-it-rings = it rings
log-there-is-sound-before-the = there is sound before the answer
log-answered = answered
log-put-on-hold-by-the = put on hold by the far end
log-on-hold = on hold
log-talking-again = talking again
log-joined-the-conference = joined the conference
log-left-the-conference = left the conference
log-it-is-who-now = it is { $who } now
log-ice-ice = ICE: { $ice }
log-pressed-digit = pressed { $digit }
log-there-is-sound-again = there is sound again
log-who-writes = { $who } writes
log-no-answer = no answer
log-to-who-not-delivered-why = to { $who }: not delivered: { $why }
log-to-who-delivered = to { $who }: delivered
log-voice = voice: { $how }
log-calls-ring-again = calls ring again
log-pause = a pause of { $seconds } s: new calls find it busy
log-you-talked-and-the-microphone = you talked, and the microphone was muted
log-counts-from-next-start = { $keys } counts once the phone is started anew
log-the-phone-has-ended = the phone has ended
log-aor-is-registered-over-transport = { $aor } is registered over { $transport }
log-aor-registers = { $aor } registers
log-aor-is-off = { $aor } is off
log-who-called-missed = { $who } called: missed
log-who-called-answered-elsewhere = { $who } called: answered elsewhere
log-called-who-ended = called { $who }: { $ended }
log-who-called-ended = { $who } called: { $ended }
log-called-who-talked-seconds = called { $who }: talked { $seconds }
log-who-called-talked-seconds = { $who } called: talked { $seconds }
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

screen-there-is-no-folder-for = there is no folder for traces here

## Settings: why a key is not changed

settings-no-key-is-chosen = no key is chosen
settings-key-stays-in-the-file = { $key } stays in the file, and is not used: { $why }
settings-nothing-is-typed-esc-leaves = nothing is typed; Esc leaves it as it is
settings-value-is-no-whole-number = { $value } is no whole number
settings-key-is-as-it-comes = { $key } is as it comes

## Why something cannot be done now

why-not-the-phone-is-gone = the phone is gone
why-not-no-echo-service-is-known = no echo service is known: echoNumber
why-not-nothing-rings = nothing rings
why-not-no-call-is-up = no call is up
why-not-no-call-is-answered = no call is answered
why-not-no-call-is-on-hold = no call is on hold
why-not-it-takes-two-calls = it takes two calls
why-not-no-call-takes-digits = no call takes digits
why-not-no-pause-after-a-call = no pause after a call runs
why-not-no-mailbox-is-known-voicemailnumber = no mailbox is known: voicemailNumber
why-not-shortcuts-are-off-enableshortcuts = shortcuts are off: enableShortcuts
