//! A phone that goes away under its interface, and comes back.

use crate::screen::Screen;
use crate::support::House;

#[test]
fn an_interface_goes_on_with_the_phone_that_is_started_again() {
    let house = House::open();
    let mut daemon = house.daemon();
    let mut screen = Screen::open(house.program(&[]), 24, 80);
    screen.wait_for("registered");
    // As by kill -9: nothing is said to anybody.
    daemon.child.kill().and_then(|()| daemon.child.wait()).expect("killed");
    screen.wait_for("The phone is gone.");
    screen.wait_for("This screen goes on as soon as it is back.");
    assert!(!screen.text().contains("● Demo registered"), "{}", screen.text());
    let _again = house.daemon();
    screen.wait_for("the phone is back");
    screen.wait_for("registered");
    screen.press("600\r");
    screen.wait_for("talking");
    screen.press("\u{11}"); // Ctrl-Q
    assert_eq!(screen.ended(), 0);
    screen.assert_restored();
}
