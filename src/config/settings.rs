//! `[Settings]` and `[tuiphone]` as the phone uses them.

use super::choices::{
    AutoAnswer, AutoAnswerCalls, CallEndpoint, DenyIncoming, DtmfMethod, EchoCanceller, FollowRedirects, Forwarding,
    NoiseSuppression,
};
use super::hook::Hooks;
use super::{Decider, DialRules, Dialled, DirectorySettings, Interface, KeepDialled, Mqtt, Server, Shortcut, Webhook};
use std::net::SocketAddr;

/// A code of the exchange, and whether it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeSetting {
    /// What is dialled or keyed.
    pub code: String,
    /// It is used.
    pub enabled: bool,
}

impl CodeSetting {
    fn new(code: &str, enabled: bool) -> CodeSetting {
        CodeSetting { code: code.to_owned(), enabled }
    }

    /// The code, if it is used and there is one.
    pub fn in_use(&self) -> Option<&str> {
        Some(self.code.as_str()).filter(|code| self.enabled && !code.is_empty())
    }
}

/// The settings a phone needs; rows of the ini-key table fill it.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Selected account number (`accountId`); `None` = key missing.
    pub account_id: Option<u32>,
    /// A word of the command line that nobody knows is a number to call: MicroSIP's habit.
    pub dial_unknown: bool,
    /// Links are dialled unasked.
    pub dial_links: bool,
    /// The colours of the interface: a name, or a file; empty = the terminal's own.
    pub theme: String,
    /// The keys of the interface: a name, or a file; empty = the default ones.
    pub keymap: String,
    /// The language of the interface: a name, or a file; empty = as the locale says.
    pub language: String,
    /// How the interface treats its terminal.
    pub interface: Interface,
    /// Plain sentences, line by line, in place of the screen (`[tuiphone] line`).
    pub line: bool,
    /// Line mode speaks through speech-dispatcher (`[tuiphone] speak`).
    pub speak: bool,
    /// Into this sink of the sound server; empty = as speech-dispatcher likes (`[tuiphone] speakSink`).
    pub speak_sink: String,
    /// What links, callers over HTTP, transfers and redirections may have dialled (`[tuiphone] allowDial`, `denyDial`).
    pub dial_rules: DialRules,
    /// Who is told of events (`[tuiphone] webhook`).
    pub webhook: Webhook,
    /// The broker that is told of this phone (`[tuiphone] mqtt`).
    pub mqtt: Mqtt,
    /// Where a daemon serves HTTP (`[tuiphone] httpListen`); `None` = nowhere.
    pub http_listen: Option<SocketAddr>,
    /// Who decides about incoming calls (`[tuiphone] decideIncoming`).
    pub decider: Decider,
    /// One call at a time (`singleMode`).
    pub single_mode: bool,
    /// Codec ids in order of preference (`audioCodecs`), such as `opus/48000/2`, `PCMA/8000/1`.
    pub audio_codecs: Vec<String>,
    /// Our order of codecs decides in our answers (`forceCodec`).
    pub force_codec: bool,
    /// Silence is not sent (`VAD`).
    pub suppress_silence: bool,
    /// Stereo is welcome in Opus, at 96 kbit/s (`opusStereo`).
    pub opus_stereo: bool,
    /// Sound per packet where the peer does not say, ms (`[tuiphone] ptime`).
    pub ptime_ms: u16,
    /// Opus, bit/s (`[tuiphone] opusBitrate`); 0 = as fits.
    pub opus_bitrate: u32,
    /// Opus, 0–10 (`[tuiphone] opusComplexity`).
    pub opus_complexity: u8,
    /// Opus packets of one size (`[tuiphone] opusCbr`).
    pub opus_cbr: bool,
    /// Opus sends nothing in silence (`[tuiphone] opusDtx`).
    pub opus_dtx: bool,
    /// Least delay of the jitter buffer, 10–400 ms (`[tuiphone] jitterBufferMin`).
    pub jitter_buffer_min_ms: u16,
    /// Local SIP port (`sourcePort`); 0 = any.
    pub source_port: u16,
    /// RTP port range (`rtpPortMin`, `rtpPortMax`); 0 = any.
    pub rtp_port_min: u16,
    /// See `rtp_port_min`.
    pub rtp_port_max: u16,
    /// Name servers to ask instead of the system's (`dnsSrvNs`), 4 at most; used if `dns_srv` says so.
    pub name_servers: Vec<SocketAddr>,
    /// Ask `name_servers` (`dnsSrv`). SRV records are looked for in any case.
    pub dns_srv: bool,
    /// Servers that tell us our address as seen from outside (`STUN`), 8 at most; asked if `enable_stun` says so.
    pub stun: Vec<Server>,
    /// Ask the servers of `stun` (`enableSTUN`).
    pub enable_stun: bool,
    /// WAV file to ring with (`ringingSound`); empty = the ring made here.
    pub ringing_sound: String,
    /// Keys, hanging up and a second call are heard here (`localDTMF`).
    pub sound_events: bool,
    /// Country of the call progress tones, lower case; `auto` = by the locale (`[tuiphone] toneCountry`).
    pub tone_country: String,
    /// Number of a service that sends back what it hears; empty = none is known (`[tuiphone] echoNumber`).
    pub echo_number: String,
    /// Take the echo out where there can be one (`EC`); see `echo_canceller`.
    pub echo_cancel: bool,
    /// Always, never, or as `echo_cancel` says (`[tuiphone] aec`).
    pub echo_canceller: EchoCanceller,
    /// Lower noise (`[tuiphone] noiseSuppression`).
    pub noise_suppression: NoiseSuppression,
    /// Bring voices to one level (`[tuiphone] agc`).
    pub automatic_gain: bool,
    /// Amplify the microphone (`micAmplification`).
    pub mic_amplification: bool,
    /// By so many dB (`[tuiphone] micBoost`), 0–30.
    pub mic_boost_db: u8,
    /// Amplify the speaker by so many dB (`[tuiphone] speakerBoost`), 0–30.
    pub speaker_boost_db: u8,
    /// Speaker volume 0–100 (`volumeOutput`).
    pub volume_output: u8,
    /// Microphone volume 0–100 (`volumeInput`).
    pub volume_input: u8,
    /// Ring volume 0–100 (`volumeRing`).
    pub volume_ring: u8,
    /// Output device name; empty = default (`audioOutputDevice`).
    pub audio_output_device: String,
    /// Input device name; empty = default (`audioInputDevice`).
    pub audio_input_device: String,
    /// Ring device name; empty = default (`audioRingDevice`).
    pub audio_ring_device: String,
    /// DTMF method.
    pub dtmf_method: DtmfMethod,
    /// Auto-answer.
    pub auto_answer: AutoAnswer,
    /// Seconds before auto-answer.
    pub auto_answer_delay_s: u32,
    /// AA toggle (`AA`).
    pub auto_answer_button: bool,
    /// Callers that are answered so, as patterns by `;` or `|` (`autoAnswerNumber`); empty = everyone.
    pub auto_answer_number: String,
    /// Calls it may happen beside.
    pub auto_answer_calls: AutoAnswerCalls,
    /// An Alert-Info that only says `Auto Answer` or `Ring Answer` counts too (`[tuiphone] autoAnswerAlertInfo`).
    pub auto_answer_alert_info: bool,
    /// Calls that are sent on.
    pub forwarding: Forwarding,
    /// Where to (`forwardingNumber`); empty = they are not.
    pub forwarding_number: String,
    /// Seconds of ringing before (`forwardingDelay`).
    pub forwarding_delay_s: u32,
    /// FWD toggle (`FWD`).
    pub forwarding_button: bool,
    /// Calls that are refused.
    pub deny_incoming: DenyIncoming,
    /// Most calls an incoming one may make (`maxConcurrentCalls`); 0 = any number.
    pub max_concurrent_calls: u32,
    /// DND toggle (`DND`).
    pub dnd: bool,
    /// AC toggle: every answered call joins the conference (`AC`).
    pub auto_conference: bool,
    /// 0 ⇒ 486 when any other call exists (`callWaiting`).
    pub call_waiting: bool,
    /// Calls are hung up so long after the answer (`autoHangUpTime`); 0 = they are not.
    pub auto_hang_up_s: u32,
    /// Callers keep the names they come with; contacts lend them none (`disableNameLookup`).
    pub disable_name_lookup: bool,
    /// No instant messages, in or out (`disableMessaging`).
    pub disable_messaging: bool,
    /// Tell those we write to that we do (`[tuiphone] tellComposing`).
    pub tell_composing: bool,
    /// Own User-Agent text; empty = ours (`userAgent`).
    pub user_agent: String,
    /// The phone writes its SIP messages down (`enableLog`).
    pub enable_log: bool,
    /// Started without more words, the phone shows no interface (`minimized`).
    pub minimized: bool,
    /// Keep the Local account beside the registered ones (`enableLocalAccount`).
    pub enable_local_account: bool,
    /// Address to listen on (`[tuiphone] bindAddress`); empty = all.
    pub bind_address: String,
    /// `[tuiphone] audioLatency`: a word or milliseconds, as the audio reads it.
    pub audio_latency: String,
    /// `[tuiphone] acceptFrom`: `any` = strangers may ring.
    pub accept_from_any: bool,
    /// Which redirections are followed.
    pub follow_redirects: FollowRedirects,
    /// The far end of a call may hand us over (`[tuiphone] followTransfers`).
    pub follow_transfers: bool,
    /// The account's own server may ask the person to call somebody (`[tuiphone] clickToDial`).
    pub click_to_dial: bool,
    /// What is dialled before a number whose ringing is taken (`featureCodeCP`).
    pub pickup_code: CodeSetting,
    /// What is keyed in a call before the number it is handed over to (`featureCodeBT`).
    pub transfer_code: CodeSetting,
    /// The same, to ask there first (`featureCodeAT`).
    pub consult_code: CodeSetting,
    /// Where calls are parked (`[tuiphone] parkNumber`); empty = nowhere.
    pub park_number: String,
    /// The numbers that parked calls are retrieved by, whose lights are followed (`[tuiphone] parkSlots`).
    pub park_slots: Vec<String>,
    /// Longest wait for the answer to a call, in seconds (`[tuiphone] ringTimeout`); 0 = no bound. By default longer than
    /// three minutes, as RFC 3261's Timer C: a far end that gives up after three says so first.
    pub ring_timeout_s: u32,
    /// Numbers and addresses whose lights are followed (`[tuiphone] watch`).
    pub watch: Vec<String>,
    /// The registrar is asked to tell of lost registrations (`[tuiphone] regEvent`).
    pub reg_event: bool,
    /// `[Shortcuts]`: numbers at hand.
    pub shortcuts: Vec<Shortcut>,
    /// What was dialled last, as it was typed (`[Dialed]`).
    pub dialled: Dialled,
    /// Whether the file keeps that (`[tuiphone] keepDialed`).
    pub keep_dialled: KeepDialled,
    /// Who was called, or called, last (`lastCallNumber`); empty = nobody yet.
    pub last_call_number: String,
    /// The interface shows them (`enableShortcuts`).
    pub enable_shortcuts: bool,
    /// What every call talks to (`[tuiphone] callEndpoint`).
    pub call_endpoint: CallEndpoint,
    /// Calls go out without an offer of ours (`[tuiphone] lateOffer`).
    pub late_offer: bool,
    /// `[tuiphone] sessionTimer`: the session interval (RFC 4028), seconds, 90–86 400.
    pub session_timer_s: u32,
    /// Register anew and move calls when the machine's addresses change.
    pub network_changes: bool,
    /// A call whose far end is not heard of for so long is hung up, one on hold (`[tuiphone] rtpTimeout`,
    /// `rtpHoldTimeout`); 0 = never.
    pub rtp_timeout_s: u32,
    /// See `rtp_timeout_s`.
    pub rtp_hold_timeout_s: u32,
    /// The most calls the history keeps; 0 = there is none.
    pub history_size: u32,
    /// Offer RTP and RTCP on one port (`[tuiphone] rtcpMux`).
    pub rtcp_mux: bool,
    /// Callers who hide are refused (`[tuiphone] denyAnonymous`).
    pub deny_anonymous: bool,
    /// Where calls are sent on to that find the phone busy (`[tuiphone] forwardingBusyNumber`); empty = nowhere.
    pub forwarding_busy_number: String,
    /// Answers are asked back to where requests come from (`rport`).
    pub rport: bool,
    /// What a contact does when it is chosen (`defaultAction`): empty or `call` or `video`, or `message`.
    pub default_action: String,
    /// A ringing call cannot be ignored (`noIgnoreCall`).
    pub no_ignore_call: bool,
    /// For so long after a talk new calls find the phone busy, in seconds (`[tuiphone] wrapUpTime`); 0 = not at all.
    pub wrap_up_s: u32,
    /// What is called to tell the exchange of do-not-disturb (`[tuiphone] dndOnCode`, `dndOffCode`); empty = nothing.
    pub dnd_on_code: String,
    /// See `dnd_on_code`.
    pub dnd_off_code: String,
    /// The same for forwarding (`[tuiphone] forwardOnCode`, with the number behind it; `forwardOffCode`).
    pub forward_on_code: String,
    /// See `forward_on_code`.
    pub forward_off_code: String,
    /// Ask the registrar for a GRUU and be called by it (`[tuiphone] gruu`).
    pub gruu: bool,
    /// On Windows, the window that takes messages has MicroSIP's title too (`[tuiphone] compat_window_title`).
    pub compat_window_title: bool,
    /// Where contacts come from beside their file (`usersDirectory` and its like).
    pub directories: DirectorySettings,
    /// Programs that calls set off (`cmdCallStart` and its like).
    pub hooks: Hooks,
    /// How long one of them may run, in seconds (`[tuiphone] hookTimeout`).
    pub hook_timeout_s: u32,
    /// A command that prints an account's password (`[tuiphone] passwordCommand`); empty = none.
    pub password_command: String,
    /// Folder of recordings (`recordingPath`); empty = the default.
    pub recording_path: String,
    /// WAV, not Ogg/Opus (`recordingFormat`).
    pub record_wav: bool,
    /// Every call is recorded (`autoRecording`).
    pub auto_recording: bool,
    /// We left, the far end right (`[tuiphone] recordStereo`).
    pub record_stereo: bool,
    /// What a held far end hears (`[tuiphone] holdMusic`), a WAV file; empty = silence.
    pub hold_music: String,
    /// Who is knocked at before an account registers (`portKnockerHost`); empty = its server.
    pub port_knocker_host: String,
    /// The ports that are knocked at, in order (`portKnockerPorts`); none = nobody is.
    pub port_knocker_ports: Vec<u16>,
    /// The keys of `[Settings]` and `[tuiphone]` that another file than the ini file says (`override.ini`): a person
    /// cannot change them here.
    pub locked: Vec<&'static str>,
    /// The files of the settings are looked at while the phone runs (`[tuiphone] watchFile`).
    pub watch_file: bool,
    /// The keys of `[Settings]` that the command line says: what a person changes of them is for this run alone.
    pub given: Vec<&'static str>,
    /// Passwords in the file are plain text even where they look like MicroSIP's cipher (`[tuiphone] passwordPlain`).
    pub password_plain: bool,
}

/// Where STUN servers listen unless told otherwise.
//= RFC 8489 §18.6
const STUN_PORT: u16 = 3478;

impl Settings {
    /// Host and port of the STUN servers to ask; none unless `enableSTUN` says so.
    pub fn stun_servers(&self) -> Vec<(String, u16)> {
        let asked = self.stun.iter().filter(|_| self.enable_stun);
        asked.map(|server| (server.host.clone(), server.port.unwrap_or(STUN_PORT))).collect()
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            account_id: None,
            dial_unknown: false,
            dial_links: false,
            theme: String::new(),
            keymap: String::new(),
            language: String::new(),
            interface: Interface::default(),
            line: false,
            speak: false,
            speak_sink: String::new(),
            dial_rules: DialRules::default(),
            webhook: Webhook::default(),
            mqtt: Mqtt::default(),
            http_listen: None,
            decider: Decider::default(),
            single_mode: true,
            audio_codecs: ["opus/48000/2", "G722/16000/1", "PCMA/8000/1", "PCMU/8000/1"].map(str::to_owned).to_vec(),
            force_codec: false,
            suppress_silence: false,
            opus_stereo: false,
            ptime_ms: 20,
            opus_bitrate: 0,
            opus_complexity: 9,
            opus_cbr: false,
            opus_dtx: false,
            jitter_buffer_min_ms: 10,
            source_port: 0,
            rtp_port_min: 0,
            rtp_port_max: 0,
            name_servers: Vec::new(),
            dns_srv: false,
            stun: Vec::new(),
            enable_stun: false,
            ringing_sound: String::new(),
            sound_events: true,
            tone_country: "auto".to_owned(),
            echo_number: String::new(),
            echo_cancel: true,
            echo_canceller: EchoCanceller::Auto,
            noise_suppression: NoiseSuppression::Off,
            automatic_gain: false,
            mic_amplification: false,
            mic_boost_db: 12,
            speaker_boost_db: 0,
            volume_output: 100,
            volume_input: 100,
            volume_ring: 100,
            audio_output_device: String::new(),
            audio_input_device: String::new(),
            audio_ring_device: String::new(),
            dtmf_method: DtmfMethod::Auto,
            auto_answer: AutoAnswer::Button,
            auto_answer_delay_s: 0,
            auto_answer_button: false,
            auto_answer_number: String::new(),
            auto_answer_calls: AutoAnswerCalls::Alone,
            auto_answer_alert_info: false,
            forwarding: Forwarding::Never,
            forwarding_number: String::new(),
            forwarding_delay_s: 0,
            forwarding_button: false,
            deny_incoming: DenyIncoming::Button,
            max_concurrent_calls: 0,
            dnd: false,
            auto_conference: false,
            call_waiting: true,
            auto_hang_up_s: 0,
            disable_name_lookup: false,
            disable_messaging: false,
            tell_composing: false,
            user_agent: String::new(),
            enable_log: false,
            minimized: false,
            enable_local_account: false,
            bind_address: String::new(),
            audio_latency: String::new(),
            accept_from_any: false,
            follow_redirects: FollowRedirects::Own,
            follow_transfers: true,
            click_to_dial: false,
            pickup_code: CodeSetting::new("**", true),
            transfer_code: CodeSetting::new("##", false),
            consult_code: CodeSetting::new("*2", false),
            park_number: String::new(),
            park_slots: Vec::new(),
            ring_timeout_s: 190,
            watch: Vec::new(),
            shortcuts: Vec::new(),
            dialled: Dialled::default(),
            keep_dialled: KeepDialled::Auto,
            last_call_number: String::new(),
            enable_shortcuts: false,
            reg_event: false,
            call_endpoint: CallEndpoint::Phone,
            late_offer: false,
            session_timer_s: 1800,
            network_changes: true,
            rtp_timeout_s: 0,
            rtp_hold_timeout_s: 0,
            history_size: 100_000,
            rtcp_mux: false,
            deny_anonymous: false,
            forwarding_busy_number: String::new(),
            rport: true,
            default_action: String::new(),
            no_ignore_call: false,
            wrap_up_s: 0,
            dnd_on_code: String::new(),
            dnd_off_code: String::new(),
            forward_on_code: String::new(),
            forward_off_code: String::new(),
            gruu: false,
            compat_window_title: false,
            directories: DirectorySettings::default(),
            hooks: Hooks::default(),
            hook_timeout_s: 10,
            password_command: String::new(),
            recording_path: String::new(),
            record_wav: false,
            auto_recording: false,
            record_stereo: false,
            hold_music: String::new(),
            port_knocker_host: String::new(),
            port_knocker_ports: Vec::new(),
            locked: Vec::new(),
            watch_file: true,
            given: Vec::new(),
            password_plain: false,
        }
    }
}
