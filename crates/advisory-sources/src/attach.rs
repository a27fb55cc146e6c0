use std::rc::Rc;

use orchestrate::{
    advice::{Feed, Fetch, LookUp, Online},
    findings::FindingsRequest,
};

use crate::{
    address::{SourceAddress, SourceAddressError},
    patience::Patience,
    session::{Session, Settings},
};

/// Gives a run its ways to ask, as its configuration and arguments say. Nothing is sent before the run needs it.
pub fn attach(request: &mut FindingsRequest, online: &Online) -> Result<(), SourceAddressError> {
    let read = |address: &Option<String>| address.as_deref().map(SourceAddress::parse).transpose();
    let (service, kev, epss) = (read(&online.service)?, read(&online.kev)?, read(&online.epss)?);
    let session = Rc::new(Session::new(Settings {
        cache: online.cache.clone(),
        patience: Patience { budget: online.budget, ..Patience::default() },
        now: request.now,
        seed: online.seed,
    }));
    let feed = |address: SourceAddress| {
        let session = Rc::clone(&session);
        Feed::Online(Fetch::new(move |usable| session.fetch(&address, usable)))
    };
    request.kev = kev.map(feed).or(request.kev.take());
    request.epss = epss.map(feed).or(request.epss.take());
    if let Some(service) = service {
        request.look_up = Some(LookUp::new(move |search| session.look_up(&service, search)));
    }
    Ok(())
}
