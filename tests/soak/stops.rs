//! A phone that stands still, as on a machine that is suspended: in a call, and for longer than its registration.

use std::net::UdpSocket;
use std::time::Duration;

use crate::held::{Row, many};
use crate::phones::{far_phone, hang_up, hears, kept, talk};
use crate::registrar::{EXPIRES_S, Registrar, accounts};
use crate::support::{House, signal, until};
use crate::turns::{calls_in_vain, over_and_over, warming};

#[test]
fn a_phone_that_stood_still_goes_on() {
    let turns = many(1, 10);
    let (house, other) = (House::open(), House::open());
    let (_far, number) = far_phone(&other);
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let text = accounts(socket.local_addr().expect("its address"), 1);
    std::fs::write(house.ini(), text + "[tuiphone]\r\nacceptFrom=any\r\nbindAddress=127.0.0.1\r\n").expect("written");
    let registrar = Registrar::start(socket, 1);
    let phone = house.daemon_with(&[], "SIP on udp");
    assert!(until(|| registrar.has_all()));
    let stands = |seconds: u32| {
        signal(&phone.child, "STOP");
        std::thread::sleep(Duration::from_secs(seconds.into()));
    };
    let (before, after) = over_and_over(&phone, turns, |turn| {
        let wire = talk(&phone, &number);
        stands(2);
        signal(&phone.child, "CONT");
        assert!(hears(&phone), "turn {turn}: the call goes on");
        hang_up(wire);
        stands(EXPIRES_S + 1);
        assert!(!registrar.has_all(), "turn {turn}: its registration is over");
        signal(&phone.child, "CONT");
        assert!(until(|| registrar.has_all()), "turn {turn}: it registers again");
    });
    let history = (calls_in_vain() + warming() + turns, kept(&house));
    Row { phase: "SIGSTOP, SIGCONT", count: 2 * turns, before, after, history }.holds();
}
