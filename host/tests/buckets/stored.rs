//! Everything that a server keeps of buckets; a new thing fails here until it is in the spec.

use journal::Subject;

use crate::world::{World, entry};

#[tokio::test]
async fn the_store_has_what_the_spec_lists_and_nothing_else() {
    for world in World::all() {
        let server = world.server().await;
        let ids = server.leave_all(0..65).await;
        let _ = server.slots(ids[0]).await;

        let mut cells = Vec::new();
        let mut logs = Vec::new();
        for kind in 0..=255 {
            cells.extend(world.store.cells(kind, None, 100).await.unwrap());
            logs.extend(world.store.subjects(kind, None, 100).await.unwrap());
        }
        let named = |name: &[u8]| Subject::of(b'r', &[name]).unwrap();
        assert_eq!(cells, [named(b"open"), named(b"secret")]);
        let newest = world.store.cell_get(&cells[0]).await.unwrap().unwrap();
        assert_eq!(newest.value[..], [&[1], &ids[64].to_bytes()[..]].concat());
        let secret = world.store.cell_get(&cells[1]).await.unwrap().unwrap();
        assert_eq!(secret.value[..], [9; 32]);

        let mut expected = [
            named(ids[0].hash().as_bytes()),
            named(ids[64].hash().as_bytes()),
        ];
        expected.sort();
        assert_eq!(logs, expected);
        for (id, numbers) in [(ids[0], 0..64), (ids[64], 64..65)] {
            let log = named(id.hash().as_bytes());
            let page = world.store.read(&log, 0, 100, 1 << 20).await.unwrap();
            let records = page.entries.iter().map(|record| record.payload.to_vec());
            let whole = numbers.map(|n| [&id.to_bytes()[..], entry(n).as_bytes()].concat());
            assert_eq!(Vec::from_iter(records), Vec::from_iter(whole));
        }
    }
}
