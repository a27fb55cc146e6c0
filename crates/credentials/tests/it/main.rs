//! Macaroons as the library that PyPI uses understands them.

use credentials::{PypiToken, TokenFacts, TokenScope, TokenShape};
use findings_model::{PackageName, Timestamp};
use test_support::peers;

/// Makes a token with a key, as PyPI does.
const MAKE: &str = "
import sys
from pymacaroons import Macaroon, MACAROON_V2
m = Macaroon(location='pypi.org', identifier='00000000-0000-4000-8000-000000000000', key=b'the key', version=MACAROON_V2)
for caveat in sys.argv[1:]:
    m.add_first_party_caveat(caveat)
print('pypi-' + m.serialize())
";

/// Checks a token with the key, and prints its caveats.
const CHECK: &str = "
import sys
from pymacaroons import Macaroon, Verifier
m = Macaroon.deserialize(sys.argv[1].removeprefix('pypi-'))
v = Verifier()
v.satisfy_general(lambda caveat: True)
assert v.verify(m, b'the key')
for caveat in m.caveats:
    print(caveat.caveat_id_bytes.decode())
";

#[test]
fn the_library_of_the_index_takes_a_narrowed_token() {
    let caveats = ["[3,\"00000000-0000-4000-8000-000000000000\"]", "{\"nbf\": 1, \"exp\": 4102444800}"];
    let made = peers::python().args(["-c", MAKE]).args(caveats).output().expect_success();
    let wide = PypiToken::parse(made.stdout.trim().to_owned(), TokenShape::Pypi).unwrap();
    let facts = TokenFacts::read(&wide).unwrap();
    assert_eq!(facts.scope(), TokenScope::Account);
    assert_eq!(facts.expires().unwrap().to_string(), "2100-01-01T00:00:00Z");

    let project = PackageName::parse("Sample.Package").unwrap();
    let now = Timestamp::from_unix(1_767_582_000).unwrap();
    let narrow = wide.narrowed(&project, now).unwrap();
    let checked = peers::python().args(["-c", CHECK, narrow.expose()]).output().expect_success();
    let found: Vec<&str> = checked.stdout.lines().collect();
    assert_eq!(found[..2], caveats);
    assert_eq!(found[2..], ["[1,[\"sample-package\"]]", "[0,1767582900,1767581940]"]);

    // With another byte in its signature it is none.
    let mut changed = narrow.expose().to_owned();
    let last = changed.pop().unwrap();
    let other = if changed.ends_with('A') { 'B' } else { 'A' };
    changed.pop();
    changed.extend([other, last]);
    peers::python().args(["-c", CHECK, &changed]).output().expect_code(1);
}
