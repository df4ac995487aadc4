use node::{AddError, Added, FindError, Origin};

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_card_becomes_a_contact_that_is_found_renamed_compared_and_forgotten() {
    let world = World::start().await;
    let (alice, _) = world.create("Alice").await;
    let (bob, _) = world.create("Bob").await;
    let (bobby, _) = world.create("Bobby").await;
    let card = bob.card().await.unwrap();
    assert!(matches!(
        alice.add(card.clone(), Origin::Given).await,
        Ok(Added::New(_))
    ));
    assert!(matches!(
        alice.add(card, Origin::Met).await,
        Ok(Added::Known(_))
    ));
    alice
        .add(bobby.card().await.unwrap(), Origin::Met)
        .await
        .unwrap();
    let own = alice.card().await.unwrap();
    assert_eq!(alice.add(own, Origin::Given).await, Err(AddError::Own));

    // a whole name counts, a beginning if it is one's only
    let found = alice.contact("Bob").await.unwrap();
    assert_eq!(found.user_id(), bob.user_id().await);
    assert_eq!(found.origin, Origin::Met);
    assert_eq!(alice.contact("BOBB").await.unwrap().name.as_str(), "Bobby");
    assert_eq!(alice.contact("bo").await, Err(FindError::Several));
    assert_eq!(alice.contact("carol").await, Err(FindError::None));
    assert_eq!(alice.contact("").await, Err(FindError::Several));

    let taken = alice.rename(&found, "Bobby".parse().unwrap()).await;
    assert_eq!(taken, Err(FindError::Taken));
    let found = alice
        .rename(&found, "Robert".parse().unwrap())
        .await
        .unwrap();
    let compared = alice.compared(&found).await.unwrap();
    assert!(compared.compared.is_some());
    alice.close().await.unwrap();

    let alice = world.open("Alice").await;
    let names: Vec<_> = alice.contacts().await.unwrap();
    let names: Vec<_> = names.iter().map(|contact| contact.name.as_str()).collect();
    assert_eq!(names, ["Bobby", "Robert"]);
    assert_eq!(alice.contact("Robert").await.unwrap(), compared);
    alice.forget(&compared).await.unwrap();
    assert_eq!(alice.contact("Robert").await, Err(FindError::None));
    assert_eq!(alice.compared(&compared).await, Err(FindError::None));
}
