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
screen-suspended-stays = tuiphone: calls go on; fg brings the screen back
screen-suspended = tuiphone: stopped; fg goes on
screen-suspended-setup = tuiphone: the questions wait; fg goes on
screen-goes-on = { $calls ->
    [0] tuiphone goes on in the background: `tuiphone` comes back, `tuiphone exit` ends it
    [one] tuiphone goes on in the background with a call up: `tuiphone` comes back, `tuiphone exit` ends it
   *[other] tuiphone goes on in the background with { $calls } calls up: `tuiphone` comes back, `tuiphone exit` ends it
}

## Settings: why a key is not changed

settings-no-key-is-chosen = no key is chosen
settings-key-stays-in-the-file = { $key } stays in the file, and is not used: { $why }
settings-nothing-is-typed-esc-leaves = nothing is typed; Esc leaves it as it is
settings-value-is-no-whole-number = { $value } is no whole number
settings-key-is-as-it-comes = { $key } is as it comes

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
told-first-sound = RTP comes { $ms } ms after the answer, { $codec }
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
told-phone-gone = the phone is gone; leave and start it again
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
calls-looking-for-the-phone = Looking for the phone
calls-the-phone-is-gone = The phone is gone: { $reason }
calls-type-a-number = Type a number, press Enter.
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
words-light-away = away
words-parked-at = parked at { $place }
words-transferred = transferred to { $to }
words-talked = talked { $time }
words-cancelled = cancelled
words-answered-elsewhere = answered elsewhere
words-no-keys = no keys
words-encrypted-by = encrypted { $srtp }
words-waits-for-keys = waits for keys
words-keys-in-clear = encrypted, keys in clear
words-encrypted = encrypted
words-not-encrypted = not encrypted
words-good = good
words-fair = fair
words-poor = poor
words-bad = bad
words-nothing-heard = nothing is heard
words-nothing-heard-why = nothing is heard: { $why }
words-not-heard = you are not heard
words-not-heard-why = you are not heard: { $why }
