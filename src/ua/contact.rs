//! How an account is reached and reaches others: its Contact, the routes its requests take, where the registrar sees it.

use super::account::Line;
use super::port::Identity;
use super::route::Hop;
use crate::config::{Account, Rewrite};
use crate::sip::flow::{Flow, Transport};
use crate::sip::message::Response;
use crate::sip::registration::Granted;
use crate::sip::uri::{Host, Uri};
use std::net::{IpAddr, SocketAddr};

impl Line {
    /// Where its requests go first, if not to their own target; a REGISTER knows no route but the configured ones.
    pub fn first_hop(&self, registers: bool) -> Option<Hop> {
        let transport = self.account.transport.as_str();
        let proxy = self.account.proxies.first().and_then(|proxy| Hop::of_server(proxy, transport));
        //= RFC 7118 §5: over WebSocket there is no other way than the server
        let elsewhere = Transport::from_token(transport).is_none_or(|transport| !transport.is_web_socket());
        let granted = self.registration.granted().service_route.first().filter(|_| !registers && elsewhere);
        let server = || Hop::of_server(&self.account.server, transport).filter(|_| self.registers());
        proxy.or_else(|| granted.and_then(|route| self.along(Hop::of_uri(&route.uri)?))).or_else(server)
    }

    /// A hop of the route that the registrar granted. Where it leaves the transport open an account of TLS stays with TLS:
    /// RFC 3263 §4.1 would have UDP, and the calls in the open.
    fn along(&self, hop: Hop) -> Option<Hop> {
        let transport = Transport::from_token(&self.account.transport);
        if hop.transport.is_some() || hop.secure || transport != Some(Transport::Tls) {
            return Some(hop);
        }
        //= RFC 3608 §6.1: often the registrar's own address, to which there is a connection
        let own = self.first_hop(true).filter(|own| own.host.eq_ignore_ascii_case(&hop.host));
        own.or(Some(Hop { transport, ..hop }))
    }

    /// Whom a connection to this hop must lead to.
    pub fn identity(&self, hop: &Hop) -> Identity {
        let Account { domain, tls, web_socket_path, .. } = &self.account;
        let literal = |host: &str| host.parse::<IpAddr>().is_ok();
        let domain = Hop::of_server(domain, "").map(|hop| hop.host).filter(|domain| !literal(domain));
        let is_own = self.first_hop(true).is_some_and(|first| first.host == hop.host);
        //= RFC 5922 §7.1: the name is that of the URI; an own server given by its address has the domain's
        let name = domain.filter(|_| is_own && literal(&hop.host)).unwrap_or_else(|| hop.host.clone());
        Identity { name, tls: tls.clone(), web_socket_path: web_socket_path.clone() }
    }

    /// How a Via names us on this path.
    pub fn sent_by(&self, flow: &Flow) -> (Host, Option<u16>) {
        match flow.transport.is_web_socket() {
            //= RFC 7118 §5.2.1: whoever nobody can connect to has a name that leads nowhere
            true => (Host::Name(format!("{}.invalid", self.instance)), None),
            false => (Host::from(self.told_address(flow.local.ip())), Some(flow.local.port())),
        }
    }

    /// Our address `own` as peers are told it: the configured one leads from outside to where we are.
    pub fn told_address(&self, own: IpAddr) -> IpAddr {
        // Why: while a STUN server is asked, what it says counts.
        let configured = self.account.public_address.filter(|ip| ip.is_ipv4() == own.is_ipv4() && !self.uses_stun());
        // Why: an address of the network we are in is one we had there before; it moves with us.
        configured.filter(|ip| !own.is_loopback() && !are_neighbours(*ip, own)).unwrap_or(own)
    }

    /// The address of our socket is asked for at a STUN server: connections have none, and IPv6 needs none.
    pub fn uses_stun(&self) -> bool {
        let transport = Transport::from_token(&self.account.transport).unwrap_or(Transport::Udp);
        self.stun && self.registers() && transport == Transport::Udp
    }

    /// Where this path is seen to end at us, if elsewhere than we see it: by the registrar, or by a STUN server while
    /// the registrar has said nothing. No STUN server sees us as one within our own network does.
    pub fn outer(&self, flow: &Flow) -> Option<SocketAddr> {
        if !self.is_own_path(flow) {
            return None;
        }
        let is_outside = flow.transport == Transport::Udp && flow.local.is_ipv4() && !is_private(flow.remote.ip());
        self.public.or(self.mapped.filter(|at| is_outside && !self.is_seen && *at != flow.local))
    }

    /// Where the registrar sees the socket that STUN servers are asked from, if it has said so and is outside.
    pub fn seen_at(&self) -> Option<SocketAddr> {
        let path = self.path.filter(|path| self.uses_stun() && self.is_seen && !is_private(path.remote.ip()))?;
        Some(self.public.unwrap_or(path.local))
    }

    /// The address that descriptions of calls on this path bear instead of that of the sockets.
    pub fn shown_ip(&self, flow: &Flow) -> Option<IpAddr> {
        // Why not the registrar's word by itself: two phones behind one NAT may have no other way than straight.
        let tells = self.public.is_none() || self.account.rewrite == Rewrite::Everything;
        let seen = self.outer(flow).filter(|_| tells);
        let shown = seen.map_or_else(|| self.told_address(flow.local.ip()), |at| at.ip());
        Some(shown).filter(|ip| *ip != flow.local.ip())
    }

    /// What its requests bear as Route, nearest first: the outbound proxies, and what the registrar granted beyond them.
    pub fn routes(&self, registers: bool) -> Vec<String> {
        //= RFC 3261 §8.1.2: an outbound proxy is a pre-loaded route
        let mut uris: Vec<Uri> = self.account.proxies.iter().filter_map(|proxy| self.proxy_uri(proxy)).collect();
        let same = |a: &Uri, b: &Uri| a.host() == b.host() && a.port().unwrap_or(5060) == b.port().unwrap_or(5060);
        //= RFC 3608 §6.1
        let granted = self.registration.granted().service_route.iter().filter(|_| !registers);
        let mut granted = granted.skip_while(|route| uris.last().is_some_and(|last| same(last, &route.uri))).peekable();
        let beyond: Vec<String> = granted.by_ref().map(ToString::to_string).collect();
        uris.drain(..).map(|uri| format!("<{uri}>")).chain(beyond).collect()
    }

    /// `host[:port]` of the configuration as a Route.
    fn proxy_uri(&self, proxy: &str) -> Option<Uri> {
        let bare = proxy.trim().trim_start_matches("sip:").trim_start_matches('<').trim_end_matches('>');
        let mut uri = Uri::parse(&format!("sip:{bare}")).ok()?;
        let transport = Transport::from_token(&self.account.transport).filter(|transport| *transport != Transport::Udp);
        if let Some(transport) = transport.filter(|_| uri.transport().is_none()) {
            uri = uri.with_param("transport", Some(transport.uri_param()));
        }
        Some(if uri.is_lr() { uri } else { uri.with_param("lr", None) })
    }

    /// Our Contact in calls over this path: the name that leads to us from anywhere, if the registrar granted one; in
    /// calls that are `secure` a `sips:` URI.
    pub fn contact(&self, flow: &Flow, secure: bool) -> String {
        let contact = self.contact_uri(flow);
        match secure {
            //= RFC 3261 §8.1.1.8, §12.1.1: sips for sips; RFC 5630 §5.1.1.2: which says what transport=tls would
            true if contact.transport() == Some("tls") => format!("<{}>", contact.without_param("transport").secured()),
            true => format!("<{}>", contact.secured()),
            false => format!("<{contact}>"),
        }
    }

    fn contact_uri(&self, flow: &Flow) -> Uri {
        let granted = Some(self.registration.granted());
        let granted = granted.filter(|_| self.registration.is_registered() && self.is_own_path(flow));
        match granted {
            //= RFC 5627 §4.4
            Some(Granted { pub_gruu: Some(gruu), .. }) => gruu.clone(),
            //= RFC 5626 §4.3: those who answer are to come back on this path
            Some(Granted { outbound: true, .. }) => self.address_on(flow).with_param("ob", None),
            _ => self.address_on(flow),
        }
    }

    /// Where this path ends at us, as far as we know.
    fn address_on(&self, flow: &Flow) -> Uri {
        let (host, port) = match self.outer(flow) {
            Some(at) => (Host::from(at.ip()), Some(at.port())),
            None => self.sent_by(flow),
        };
        let uri = Uri::sip(Some(&self.contact_user), &host, port);
        match flow.transport {
            Transport::Udp => uri,
            transport => uri.with_param("transport", Some(transport.uri_param())),
        }
    }

    /// The Contacts of a REGISTER on this path: ours, and the one that stood before, to be forgotten.
    pub fn register_contacts(&mut self, flow: &Flow) -> impl Iterator<Item = String> {
        let uri = format!("<{}>", self.address_on(flow));
        let old = self.bound_contact.clone().filter(|old| *old != uri);
        //= RFC 5626 §4.2
        let path = if self.registration.offers_outbound() { ";reg-id=1" } else { "" };
        let contact = match self.leaving {
            true => uri.clone(),
            false => format!("{uri};+sip.instance=\"<urn:uuid:{}>\"{path}", self.instance),
        };
        self.sent_contact = uri;
        //= RFC 3261 §10.2.2: a binding is removed by its Contact with a lifetime of zero
        // Why without the instance there, and of an account that leaves: a registrar that goes by it would remove the new
        // binding.
        std::iter::once(contact).chain(old.map(|old| format!("{old};expires=0")))
    }

    /// Where the registrar saw our request on this path come from (RFC 3581), if that is another address than ours.
    pub fn learn_public(&mut self, response: &Response, flow: &Flow) {
        let Ok(Some(via)) = response.headers.via_top() else { return };
        let is_datagram = flow.transport == Transport::Udp;
        let seen = via.received().or(via.host.ip()).zip(via.rport().flatten().or(via.port));
        let says = via.received().is_some() || via.rport().flatten().is_some();
        let is_told = self.account.public_address.is_some() && !self.uses_stun();
        let learns = self.account.rewrite != Rewrite::Nothing;
        self.is_seen = says && learns && !is_told && !flow.transport.is_web_socket();
        self.public = seen
            .filter(|_| self.is_seen)
            .map(|(ip, port)| SocketAddr::new(ip, port))
            // A connection of ours comes from any port; only another address tells of a NAT.
            .filter(|at| at.ip() != flow.local.ip() || is_datagram && at.port() != flow.local.port())
            // Why: some NATs rewrite the Via on the way back; a private address is none a public registrar has seen.
            .filter(|at| !is_private(at.ip()) || is_private(flow.remote.ip()));
    }

    /// The registrar holds a Contact under which nobody reaches us; true once between two refreshes: an address that
    /// changes with every request must not make a storm.
    pub fn has_moved(&mut self) -> bool {
        let Some(path) = self.path else { return false };
        let moved = self.bound_contact.as_ref().is_some_and(|bound| *bound != format!("<{}>", self.address_on(&path)));
        moved && !std::mem::replace(&mut self.recontacted, true)
    }
}

/// Of one IPv4 network, as most are cut.
fn are_neighbours(one: IpAddr, other: IpAddr) -> bool {
    match (one, other) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            is_private(one) && a.octets().first_chunk::<3>() == b.octets().first_chunk::<3>()
        }
        _ => false,
    }
}

pub(super) fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_unspecified(),
    }
}
