//! ICE in offers and answers (RFC 8839): what we show of our ways in, and whether both sides use it.

use super::super::ice::{MAX_CANDIDATES, place};
use super::super::line::Line;
use super::super::{Agreed, Attribute, IceAgreed, IceDescription, Media, SessionDescription};
use super::Negotiation;
use std::net::SocketAddr;

/// A way that ICE has decided for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nominated {
    /// 1 = RTP, 2 = RTCP.
    pub component: u8,
    /// The line of our candidate.
    pub line: String,
    /// Where that one receives.
    pub local: SocketAddr,
    /// The peer's.
    pub remote: SocketAddr,
}

/// Where sound is to come to, as a media line tells it.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub rtp: SocketAddr,
    pub rtcp: SocketAddr,
    pub rtcp_mux: bool,
    /// It is not settled that RTCP shares the port.
    pub has_rtcp: bool,
    pub ice: Option<IceDescription>,
    /// The peer has ICE, and what it wrote was rewritten on its way here.
    pub is_mismatch: bool,
}

impl Way {
    /// The address of RTCP, unless it is the next port, or the same.
    //= RFC 3605 §2.1, RFC 5761 §5.1.3
    pub fn rtcp_attribute(&self) -> Option<Attribute> {
        let Way { rtp, rtcp, .. } = self;
        let family = if rtcp.is_ipv6() { "IP6" } else { "IP4" };
        let value = match () {
            () if !self.has_rtcp => return None,
            () if rtcp.ip() != rtp.ip() => format!("{} IN {family} {}", rtcp.port(), rtcp.ip()),
            () if Some(rtcp.port()) != rtp.port().checked_add(1) => rtcp.port().to_string(),
            () => return None,
        };
        Some(Attribute::with_value("rtcp", value))
    }

    pub fn write_ice(&self, media: &mut Media) {
        self.ice.iter().for_each(|ice| ice.write(media));
        if self.is_mismatch {
            media.attributes.push(Attribute::flag("ice-mismatch"));
        }
    }
}

/// How far ICE has come.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress {
    /// Our name in this session of checks, or in the one that the peer did not want.
    begun: Option<String>,
    /// We made its offer.
    controlling: bool,
    nominated: Vec<Nominated>,
    /// The peer had it and has it no longer.
    is_lost: bool,
}

impl Progress {
    fn begin(&mut self, ours: &IceDescription, controlling: bool) {
        if self.begun.as_ref() != Some(&ours.ufrag) {
            *self = Progress { begun: Some(ours.ufrag.clone()), controlling, ..Progress::default() };
        }
    }
}

impl Negotiation {
    /// ICE has decided for these, one for each component, and later descriptions show them alone.
    pub fn set_nominated(&mut self, pairs: Vec<Nominated>, controlling: bool) {
        (self.ice.nominated, self.ice.controlling) = (pairs, controlling);
    }

    /// The peer is to be told of these in an offer of its own.
    pub fn owes_nominated(&self) -> bool {
        let Some(stands) = &self.stands else { return false };
        let [local, remote] = [Some(self.local.rtp), stands.agreed.remote_rtp];
        let differs =
            |pair: &Nominated| pair.component == 1 && [Some(pair.local), Some(pair.remote)] != [local, remote];
        //= RFC 8839 §4.3.4: who knows ice2 need not be told
        let knows = |ice: &IceAgreed| ice.theirs.options.iter().any(|option| option.eq_ignore_ascii_case("ice2"));
        let is_new = stands.agreed.ice.as_ref().is_some_and(|ice| !knows(ice));
        self.ice.controlling && is_new && self.ice.nominated.iter().any(differs)
    }

    /// Another name and password of ours from the next description on: checks begin anew. Nothing without ICE.
    //= RFC 8839 §4.4.1.1.1
    pub fn restart_ice(&mut self, ufrag: &str, password: &str) {
        if let Some(ours) = self.local.ice.as_mut() {
            (ours.ufrag, ours.password) = (ufrag.to_owned(), password.to_owned());
        }
    }

    /// The offer begins checks anew: our answer must bear another name of ours.
    //= RFC 8839 §4.4.2.1
    pub fn is_restarted_by(&self, offer: &SessionDescription) -> bool {
        let Some(stands) = &self.stands else { return false };
        let theirs = self.choose(offer).ok().and_then(|(_, _, line, _)| line.ice);
        theirs.is_some_and(|theirs| stands.agreed.ice.as_ref().is_none_or(|ice| !ice.theirs.is_same_session(&theirs)))
    }

    /// The peer's last description had no ICE any more: our next offer must begin checks anew.
    //= RFC 8839 §4.4.3.1: a server may have stood in for the peer
    pub fn has_lost_ice(&self) -> bool {
        self.ice.is_lost && self.local.ice.is_some()
    }

    /// The peer tells of more candidates. What is agreed with them, if they belong to it.
    pub fn trickled(&mut self, more: IceDescription) -> Option<&Agreed> {
        let agreed = &mut self.stands.as_mut()?.agreed;
        let theirs = &mut agreed.ice.as_mut()?.theirs;
        //= RFC 8840 §4.3.1: those of another session are left alone
        if !theirs.is_same_session(&more) {
            return None;
        }
        for line in more.candidates {
            if theirs.candidates.len() < MAX_CANDIDATES && !theirs.candidates.contains(&line) {
                theirs.candidates.push(line);
            }
        }
        theirs.is_complete |= more.is_complete;
        Some(agreed)
    }

    pub(super) fn way_to_offer(&mut self, rtcp_mux: bool) -> Way {
        let ours = self.local.ice.clone().filter(|ours| {
            let is_new = self.ice.begun.as_ref() != Some(&ours.ufrag);
            is_new || self.stands.as_ref().is_none_or(|stands| stands.agreed.ice.is_some())
        });
        let has_rtcp = !self.agreed().is_some_and(|agreed| agreed.rtcp_mux);
        let Some(ours) = ours else { return Way { has_rtcp, ..self.plain_way(rtcp_mux, false) } };
        self.ice.begin(&ours, self.role(true));
        let mut way = Way { has_rtcp, ..self.way_by_ice(ours, rtcp_mux, self.decided()) };
        if let Some(shown) = way.ice.as_mut().filter(|_| self.ice.controlling) {
            //= RFC 8839 §4.4.1.2.2
            let remote = self.ice.nominated.iter().map(|pair| (pair.component, pair.remote));
            shown.remote_candidates = remote.collect();
        }
        way
    }

    pub(super) fn way_to_answer(&mut self, line: &Line) -> (Way, Option<IceAgreed>) {
        let Some((ours, theirs)) = self.local.ice.clone().zip(line.ice.clone()) else {
            self.decline_ice();
            return (self.plain_way(line.rtcp_mux, line.is_mangled), None);
        };
        self.ice.begin(&ours, self.role(false));
        //= RFC 8839 §4.4.2: the peer knows already which of ours it uses
        let asked = |(component, address): &(u8, SocketAddr)| {
            let line = ours.candidates.iter().find(|line| place(line) == Some((*component, *address)))?;
            Some((*component, *address, line.clone()))
        };
        let asked: Option<Vec<_>> = theirs.remote_candidates.iter().map(asked).collect();
        let decided = asked.filter(|asked| !asked.is_empty()).unwrap_or_else(|| self.decided());
        let mut way = self.way_by_ice(ours.clone(), line.rtcp_mux, decided);
        if let Some(shown) = way.ice.as_mut() {
            if line.rtcp_mux {
                //= RFC 5761 §5.1.3
                shown.candidates.retain(|line| place(line).is_some_and(|(component, _)| component == 1));
            }
            if theirs.trickles() {
                //= RFC 8840 §4.2: we take what comes later, and have told all of ours
                shown.options.push("trickle".to_owned());
                shown.is_complete = true;
            }
        }
        (way, Some(self.agree_ice(ours, theirs)))
    }

    /// What an answer to an offer of ours, which showed this, comes to.
    pub(super) fn answered_ice(&self, shown: Option<IceDescription>, line: &Line) -> Option<IceAgreed> {
        shown.zip(line.ice.clone()).map(|(ours, theirs)| self.agree_ice(ours, theirs))
    }

    /// The peer does without.
    pub(super) fn decline_ice(&mut self) {
        let Some(ours) = &self.local.ice else { return };
        let had = self.stands.as_ref().is_some_and(|stands| stands.agreed.ice.is_some());
        let is_lost = had || self.ice.is_lost;
        self.ice = Progress { begun: Some(ours.ufrag.clone()), is_lost, ..Progress::default() };
    }

    /// Who decides in a new session of checks: who offers it first. Later ones keep that.
    //= RFC 8445 §6.1.1
    fn role(&self, offers: bool) -> bool {
        let had = self.stands.as_ref().is_some_and(|stands| stands.agreed.ice.is_some());
        if had { self.ice.controlling } else { offers }
    }

    fn agree_ice(&self, ours: IceDescription, theirs: IceDescription) -> IceAgreed {
        //= RFC 8445 §6.1.1: a full agent controls a lite one
        let controlling = self.ice.controlling || theirs.is_lite;
        IceAgreed { ours, theirs, controlling }
    }

    /// Component, address and line of our candidates in use.
    fn decided(&self) -> Vec<(u8, SocketAddr, String)> {
        self.ice.nominated.iter().map(|pair| (pair.component, pair.local, pair.line.clone())).collect()
    }

    fn plain_way(&self, rtcp_mux: bool, is_mismatch: bool) -> Way {
        Way { rtp: self.local.rtp, rtcp: self.local.rtcp, rtcp_mux, has_rtcp: !rtcp_mux, ice: None, is_mismatch }
    }

    /// All our candidates; of those in use, if that is decided, these alone.
    //= RFC 8839 §4.4.1.2
    fn way_by_ice(&self, ours: IceDescription, rtcp_mux: bool, decided: Vec<(u8, SocketAddr, String)>) -> Way {
        let plain = self.plain_way(rtcp_mux, false);
        let at =
            |wanted: u8| decided.iter().find(|(component, ..)| *component == wanted).map(|(_, address, _)| *address);
        let (rtp, rtcp) = (at(1).unwrap_or(plain.rtp), at(2).unwrap_or(plain.rtcp));
        let candidates = match decided.is_empty() {
            true => ours.candidates,
            false => decided.into_iter().map(|(.., line)| line).collect(),
        };
        let ice = IceDescription { candidates, is_complete: false, remote_candidates: Vec::new(), ..ours };
        Way { rtp, rtcp, ice: Some(ice), ..plain }
    }
}
