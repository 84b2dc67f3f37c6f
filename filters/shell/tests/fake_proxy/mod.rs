//! A proxy made of symbols: it defines the host calls of the ABI, so that the real shell and the
//! real SDK run natively, without a wasm VM. Each test has a thread, and with it a proxy, of its own.

#![allow(
    unsafe_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "The ABI is made of raw pointers; its functions are documented by the ABI."
)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::slice;

use kit::shared::{SharedData, SharedValue, SharedWrite};

/// What the proxy knows and what was asked of it.
#[derive(Default)]
pub struct Proxy {
    pub maps: BTreeMap<u32, Vec<(String, Vec<u8>)>>,
    pub buffers: BTreeMap<u32, Vec<u8>>,
    pub properties: BTreeMap<String, Vec<u8>>,
    pub shared: SharedData,
    pub metrics: Vec<(String, i64)>,
    pub now: u64,
    pub tick: u32,
    pub replies: Vec<Reply>,
    pub resumed: Vec<u32>,
    pub calls_out: Vec<String>,
    /// The message of the gRPC call that has failed.
    pub grpc_message: Vec<u8>,
    pub effective: u32,
    pub log: Vec<String>,
    /// The names of all host calls, in order.
    pub asked: Vec<&'static str>,
    /// Host calls by these names are refused with this status.
    pub refuse: BTreeMap<&'static str, u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u32,
    pub details: String,
    pub body: Vec<u8>,
    pub grpc_status: i32,
}

pub const REQUEST: u32 = 0;
pub const RESPONSE: u32 = 2;
pub const CALL_HEADERS: u32 = 6;
pub const REQUEST_BODY: u32 = 0;
pub const CALL_BODY: u32 = 4;
pub const CONFIGURATION: u32 = 7;

thread_local! {
    static PROXY: RefCell<Proxy> = RefCell::default();
}

/// Looks at the proxy, or changes it.
pub fn proxy<T>(look: impl FnOnce(&mut Proxy) -> T) -> T {
    PROXY.with(|proxy| look(&mut proxy.borrow_mut()))
}

/// How often a host call was made since this was last asked.
pub fn take_asked() -> Vec<&'static str> {
    proxy(|proxy| std::mem::take(&mut proxy.asked))
}

/// The value of a header.
pub fn header(map: u32, name: &str) -> Option<Vec<u8>> {
    proxy(|proxy| {
        let pairs = proxy.maps.get(&map)?;
        let (_, value) = pairs.iter().find(|(own, _)| own == name)?;
        Some(value.clone())
    })
}

/// The SDK's exports, which a proxy calls.
pub mod sdk {
    unsafe extern "C" {
        pub safe fn proxy_on_context_create(context: u32, root: u32);
        pub safe fn proxy_on_configure(context: u32, len: usize) -> bool;
        pub safe fn proxy_on_tick(context: u32);
        pub safe fn proxy_on_request_headers(context: u32, count: usize, last: bool) -> u32;
        pub safe fn proxy_on_request_body(context: u32, len: usize, last: bool) -> u32;
        pub safe fn proxy_on_response_headers(context: u32, count: usize, last: bool) -> u32;
        pub safe fn proxy_on_http_call_response(
            context: u32,
            token: u32,
            headers: usize,
            body: usize,
            trailers: usize,
        );
        pub safe fn proxy_on_grpc_close(context: u32, token: u32, status: u32);
        pub safe fn proxy_on_log(context: u32);
        pub safe fn proxy_on_done(context: u32) -> bool;
        pub safe fn proxy_on_delete(context: u32);
        pub(super) fn proxy_on_memory_allocate(len: usize) -> *mut u8;
    }
}

fn asked(name: &'static str) -> Result<(), u32> {
    proxy(|proxy| {
        proxy.asked.push(name);
        proxy.refuse.get(name).map_or(Ok(()), |status| Err(*status))
    })
}

unsafe fn read<'a>(data: *const u8, len: usize) -> &'a [u8] {
    if len == 0 {
        return &[];
    }
    unsafe { slice::from_raw_parts(data, len) }
}

unsafe fn text(data: *const u8, len: usize) -> String {
    String::from_utf8_lossy(unsafe { read(data, len) }).into_owned()
}

/// Hands memory over as a proxy does: it asks the module for it.
unsafe fn give(bytes: &[u8], data: *mut *mut u8, len: *mut usize) {
    unsafe {
        if bytes.is_empty() {
            *data = std::ptr::null_mut();
        } else {
            *data = sdk::proxy_on_memory_allocate(bytes.len());
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), *data, bytes.len());
        }
        *len = bytes.len();
    }
}

/// The serialised form of a header map.
fn serialise(pairs: &[(String, Vec<u8>)]) -> Vec<u8> {
    let number = |len: usize| u32::try_from(len).unwrap().to_le_bytes();
    let mut wire = number(pairs.len()).to_vec();
    for (name, value) in pairs {
        wire.extend(number(name.len()));
        wire.extend(number(value.len()));
    }
    for (name, value) in pairs {
        wire.extend([name.as_bytes(), &[0], value, &[0]].concat());
    }
    wire
}

/// Declares host calls; each notes its name and may be told to refuse.
macro_rules! host_calls {
    ($(fn $name:ident($($argument:ident: $type:ty),*) $body:block)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name($($argument: $type),*) -> u32 {
            if let Err(status) = asked(stringify!($name)) {
                return status;
            }
            #[allow(unused_unsafe, reason = "Some calls touch no memory.")]
            unsafe { $body }
        }
    )*};
}

host_calls! {
    fn proxy_log(_level: u32, data: *const u8, len: usize) {
        let line = text(data, len);
        proxy(|proxy| proxy.log.push(line));
        0
    }

    fn proxy_get_current_time_nanoseconds(time: *mut u64) {
        *time = proxy(|proxy| proxy.now);
        0
    }

    fn proxy_set_tick_period_milliseconds(period: u32) {
        proxy(|proxy| proxy.tick = period);
        0
    }

    fn proxy_set_effective_context(context: u32) {
        proxy(|proxy| proxy.effective = context);
        0
    }

    fn proxy_get_property(path: *const u8, path_len: usize, data: *mut *mut u8, len: *mut usize) {
        let path = text(path, path_len).replace('\0', ".");
        match proxy(|proxy| proxy.properties.get(&path).cloned()) {
            Some(value) => { give(&value, data, len); 0 }
            None => 1,
        }
    }

    fn proxy_set_property(path: *const u8, path_len: usize, data: *const u8, len: usize) {
        let (path, value) = (text(path, path_len), read(data, len).to_vec());
        proxy(|proxy| proxy.properties.insert(path, value));
        0
    }

    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, len: *mut usize) {
        let Some(pairs) = proxy(|proxy| proxy.maps.get(&map).cloned()) else { return 2 };
        give(&serialise(&pairs), data, len);
        0
    }

    fn proxy_get_header_map_value(map: u32, name: *const u8, name_len: usize, data: *mut *mut u8, len: *mut usize) {
        match header(map, &text(name, name_len)) {
            Some(value) => { give(&value, data, len); 0 }
            None => 1,
        }
    }

    fn proxy_add_header_map_value(map: u32, name: *const u8, name_len: usize, data: *const u8, len: usize) {
        let pair = (text(name, name_len), read(data, len).to_vec());
        proxy(|proxy| proxy.maps.entry(map).or_default().push(pair));
        0
    }

    fn proxy_replace_header_map_value(map: u32, name: *const u8, name_len: usize, data: *const u8, len: usize) {
        let (name, value) = (text(name, name_len), read(data, len).to_vec());
        proxy(|proxy| {
            let pairs = proxy.maps.entry(map).or_default();
            match pairs.iter_mut().find(|(own, _)| *own == name) {
                Some(pair) => pair.1 = value,
                None => pairs.push((name, value)),
            }
        });
        0
    }

    fn proxy_remove_header_map_value(map: u32, name: *const u8, name_len: usize) {
        let name = text(name, name_len);
        proxy(|proxy| proxy.maps.entry(map).or_default().retain(|(own, _)| *own != name));
        0
    }

    fn proxy_get_buffer_bytes(buffer: u32, _start: usize, _max: usize, data: *mut *mut u8, len: *mut usize) {
        let Some(bytes) = proxy(|proxy| proxy.buffers.get(&buffer).cloned()) else { return 1 };
        give(&bytes, data, len);
        0
    }

    fn proxy_set_buffer_bytes(buffer: u32, _start: usize, _len: usize, data: *const u8, len: usize) {
        let bytes = read(data, len).to_vec();
        proxy(|proxy| proxy.buffers.insert(buffer, bytes));
        0
    }

    fn proxy_continue_stream(stream: u32) {
        proxy(|proxy| proxy.resumed.push(stream));
        0
    }

    fn proxy_send_local_response(status: u32, details: *const u8, details_len: usize, body: *const u8, body_len: usize, _headers: *const u8, _headers_len: usize, grpc_status: i32) {
        let reply = Reply {
            status,
            details: text(details, details_len),
            body: read(body, body_len).to_vec(),
            grpc_status,
        };
        proxy(|proxy| proxy.replies.push(reply));
        0
    }

    fn proxy_define_metric(_kind: u32, name: *const u8, name_len: usize, id: *mut u32) {
        let name = text(name, name_len);
        *id = proxy(|proxy| {
            proxy.metrics.push((name, 0));
            u32::try_from(proxy.metrics.len() - 1).unwrap()
        });
        0
    }

    fn proxy_increment_metric(id: u32, by: i64) {
        proxy(|proxy| proxy.metrics[id as usize].1 += by);
        0
    }

    fn proxy_record_metric(id: u32, value: u64) {
        proxy(|proxy| proxy.metrics[id as usize].1 = i64::try_from(value).unwrap());
        0
    }

    fn proxy_get_shared_data(key: *const u8, key_len: usize, data: *mut *mut u8, len: *mut usize, cas: *mut u32) {
        let key = text(key, key_len);
        let known = proxy(|proxy| proxy.shared.read(&key));
        let SharedValue { value: Some(value), cas: Some(number) } = known else { return 1 };
        give(&value, data, len);
        *cas = number;
        0
    }

    fn proxy_set_shared_data(key: *const u8, key_len: usize, data: *const u8, len: usize, cas: u32) {
        let (key, value) = (text(key, key_len), read(data, len).to_vec());
        match proxy(|proxy| proxy.shared.write(&key, &value, Some(cas))) {
            SharedWrite::Written => 0,
            SharedWrite::Mismatch => 8,
            SharedWrite::Refused => 10,
        }
    }

    fn proxy_http_call(upstream: *const u8, upstream_len: usize, _h: *const u8, _hl: usize, _b: *const u8, _bl: usize, _t: *const u8, _tl: usize, _timeout: u32, token: *mut u32) {
        let upstream = text(upstream, upstream_len);
        *token = proxy(|proxy| {
            proxy.calls_out.push(upstream);
            u32::try_from(proxy.calls_out.len()).unwrap()
        });
        0
    }

    fn proxy_grpc_call(upstream: *const u8, upstream_len: usize, _s: *const u8, _sl: usize, _m: *const u8, _ml: usize, _i: *const u8, _il: usize, _d: *const u8, _dl: usize, _timeout: u32, token: *mut u32) {
        let upstream = text(upstream, upstream_len);
        *token = proxy(|proxy| {
            proxy.calls_out.push(upstream);
            u32::try_from(proxy.calls_out.len()).unwrap()
        });
        0
    }

    fn proxy_get_status(code: *mut u32, data: *mut *mut u8, len: *mut usize) {
        *code = 2;
        give(&proxy(|proxy| proxy.grpc_message.clone()), data, len);
        0
    }

    // The SDK links against these, but nothing of Treaty's calls them.
    fn proxy_get_log_level(_level: *mut u32) { 12 }
    fn proxy_set_header_map_pairs(_map: u32, _data: *const u8, _len: usize) { 12 }
    fn proxy_register_shared_queue(_n: *const u8, _nl: usize, _id: *mut u32) { 12 }
    fn proxy_resolve_shared_queue(_v: *const u8, _vl: usize, _n: *const u8, _nl: usize, _id: *mut u32) { 12 }
    fn proxy_dequeue_shared_queue(_id: u32, _d: *mut *mut u8, _l: *mut usize) { 12 }
    fn proxy_enqueue_shared_queue(_id: u32, _d: *const u8, _l: usize) { 12 }
    fn proxy_close_stream(_stream: u32) { 12 }
    fn proxy_grpc_stream(_u: *const u8, _ul: usize, _s: *const u8, _sl: usize, _m: *const u8, _ml: usize, _i: *const u8, _il: usize, _id: *mut u32) { 12 }
    fn proxy_grpc_send(_token: u32, _d: *const u8, _l: usize, _end: bool) { 12 }
    fn proxy_grpc_cancel(_token: u32) { 12 }
    fn proxy_grpc_close(_token: u32) { 12 }
    fn proxy_call_foreign_function(_n: *const u8, _nl: usize, _a: *const u8, _al: usize, _d: *mut *mut u8, _l: *mut usize) { 12 }
    fn proxy_done() { 12 }
}
