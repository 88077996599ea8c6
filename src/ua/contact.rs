//! How an account is reached and reaches others: its Contact, the routes its requests take, where the registrar sees it.

use super::account::Line;
use super::route::Hop;
use crate::sip::flow::{Flow, Transport};
use crate::sip::message::Response;
use crate::sip::uri::{Host, Uri};
use std::net::{IpAddr, SocketAddr};

impl Line {
    /// Where its requests go first, if not to their own target.
    pub fn first_hop(&self) -> Option<Hop> {
        let transport = self.account.transport.as_str();
        let proxy = self.account.proxies.first().and_then(|proxy| Hop::of_server(proxy, transport));
        proxy.or_else(|| Hop::of_server(&self.account.server, transport).filter(|_| self.registers()))
    }

    /// The outbound proxies as Route values, nearest first.
    pub fn routes(&self) -> impl Iterator<Item = String> {
        //= RFC 3261 §8.1.2: an outbound proxy is a pre-loaded route
        let uris = self.account.proxies.iter().filter_map(|proxy| Uri::parse(&format!("sip:{proxy};lr")).ok());
        uris.map(|uri| format!("<{uri}>"))
    }

    /// Our Contact on this path; with the instance for the registrar alone.
    pub fn contact(&self, flow: &Flow, for_registrar: bool) -> String {
        let at = self.public.filter(|_| self.is_own_path(flow)).unwrap_or(flow.local);
        let mut uri = Uri::sip(Some(&self.contact_user), &Host::from(at.ip()), Some(at.port()));
        if flow.transport != Transport::Udp {
            uri = uri.with_param("transport", Some(flow.transport.param()));
        }
        let instance =
            if for_registrar { format!(";+sip.instance=\"<urn:uuid:{}>\"", self.instance) } else { String::new() };
        format!("<{uri}>{instance}")
    }

    /// The Contacts of a REGISTER on this path: ours, and the one that stood before, to be forgotten.
    pub fn register_contacts(&mut self, flow: &Flow) -> impl Iterator<Item = String> {
        let contact = self.contact(flow, true);
        let old = self.bound_contact.clone().filter(|old| *old != contact);
        self.sent_contact = contact.clone();
        //= RFC 3261 §10.2.2: a binding is removed by its Contact with a lifetime of zero
        std::iter::once(contact).chain(old.map(|old| format!("{old};expires=0")))
    }

    /// Where the registrar saw our request come from (RFC 3581), if that is another address than ours.
    pub fn learn_public(&mut self, response: &Response) {
        let Ok(Some(via)) = response.headers.via_top() else { return };
        let (host, port) = via.sent_by();
        let is_datagram = self.path.is_none_or(|path| path.transport == Transport::Udp);
        let seen = via.received().or(host.ip()).zip(via.rport().flatten().or(port));
        self.public = seen
            .map(|(ip, port)| SocketAddr::new(ip, port))
            // A connection of ours comes from any port; only another address tells of a NAT.
            .filter(|at| Some(at.ip()) != host.ip() || is_datagram && Some(at.port()) != port)
            // Why: some NATs rewrite the Via on the way back; a private address is none a public registrar has seen.
            .filter(|at| !is_private(at.ip()) || self.path.is_none_or(|path| is_private(path.remote.ip())));
    }

    /// The registrar holds a Contact under which nobody reaches us; true once between two refreshes: an address that
    /// changes with every request must not make a storm.
    pub fn has_moved(&mut self) -> bool {
        let Some(path) = self.path else { return false };
        let moved = self.bound_contact.as_ref().is_some_and(|bound| *bound != self.contact(&path, true));
        moved && !std::mem::replace(&mut self.recontacted, true)
    }
}

fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_unspecified(),
    }
}
