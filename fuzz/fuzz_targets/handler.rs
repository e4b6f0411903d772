//! A request of any kind gets an answer that keeps the contract, from the whole service.

#![no_main]

use std::cell::RefCell;

use ereprov_fuzz::{http::request, service::Service};
use libfuzzer_sys::{Corpus, fuzz_target};

thread_local! {
    static SERVICE: RefCell<Option<Service>> = const { RefCell::new(None) };
}

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Some(request) = request(bytes) else { return Corpus::Reject };
    let caller = bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    SERVICE.with_borrow_mut(|slot| {
        if let Some(worn) = slot.take_if(|service| service.is_worn()) {
            worn.stop();
        }
        slot.get_or_insert_with(Service::start).answer(request, caller).check(&method, &path);
    });
    Corpus::Keep
});
