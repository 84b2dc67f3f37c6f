//! The host calls of proxy-wasm ABI 0.2.1, each as a function that returns an error instead of
//! panicking.
//!
//! The SDK's own wrappers abort the VM, and with it every stream of the worker, on a header that is
//! not UTF-8 and on any status that they do not expect. These here never do. The SDK keeps what it
//! does well: the exported callbacks and the dispatcher of call-outs.

#![allow(unsafe_code)]

use std::ptr;

/// A status other than Ok, by its number in the ABI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) u32);

impl Refused {
    /// A value was not the one that was to be replaced.
    pub(crate) const CAS_MISMATCH: Self = Self(8);
}

pub(crate) type Result<T> = std::result::Result<T, Refused>;

/// The ABI's numbers of header maps.
#[derive(Debug, Clone, Copy)]
#[repr(u32)]
pub(crate) enum Map {
    RequestHeaders = 0,
    RequestTrailers = 1,
    ResponseHeaders = 2,
    ResponseTrailers = 3,
    CallHeaders = 6,
}

/// The ABI's numbers of buffers.
#[derive(Debug, Clone, Copy)]
#[repr(u32)]
pub(crate) enum Buffer {
    RequestBody = 0,
    ResponseBody = 1,
    CallBody = 4,
    GrpcMessage = 5,
    PluginConfiguration = 7,
}

/// The ABI's numbers of stream types.
#[derive(Debug, Clone, Copy)]
#[repr(u32)]
pub(crate) enum StreamType {
    Request = 0,
    Response = 1,
}

/// The ABI's numbers of log levels.
#[derive(Debug, Clone, Copy)]
#[repr(u32)]
pub(crate) enum LogLevel {
    Info = 2,
    Warn = 3,
    Error = 4,
}

/// The ABI's numbers of metric types.
#[derive(Debug, Clone, Copy)]
#[repr(u32)]
pub(crate) enum MetricType {
    Counter = 0,
    Gauge = 1,
    Histogram = 2,
}

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_log(level: u32, message: *const u8, len: usize) -> u32;
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_set_effective_context(context: u32) -> u32;
    fn proxy_get_property(
        path: *const u8,
        path_len: usize,
        value: *mut *mut u8,
        value_len: *mut usize,
    ) -> u32;
    fn proxy_set_property(
        path: *const u8,
        path_len: usize,
        value: *const u8,
        value_len: usize,
    ) -> u32;
    fn proxy_get_header_map_pairs(map: u32, pairs: *mut *mut u8, len: *mut usize) -> u32;
    fn proxy_get_header_map_value(
        map: u32,
        name: *const u8,
        name_len: usize,
        value: *mut *mut u8,
        value_len: *mut usize,
    ) -> u32;
    fn proxy_add_header_map_value(
        map: u32,
        name: *const u8,
        name_len: usize,
        value: *const u8,
        value_len: usize,
    ) -> u32;
    fn proxy_replace_header_map_value(
        map: u32,
        name: *const u8,
        name_len: usize,
        value: *const u8,
        value_len: usize,
    ) -> u32;
    fn proxy_remove_header_map_value(map: u32, name: *const u8, name_len: usize) -> u32;
    fn proxy_get_buffer_bytes(
        buffer: u32,
        start: usize,
        max: usize,
        bytes: *mut *mut u8,
        len: *mut usize,
    ) -> u32;
    fn proxy_set_buffer_bytes(
        buffer: u32,
        start: usize,
        replaced: usize,
        bytes: *const u8,
        len: usize,
    ) -> u32;
    fn proxy_continue_stream(stream: u32) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_len: usize,
        body: *const u8,
        body_len: usize,
        headers: *const u8,
        headers_len: usize,
        grpc_status: i32,
    ) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, name_len: usize, id: *mut u32) -> u32;
    fn proxy_increment_metric(id: u32, offset: i64) -> u32;
    fn proxy_record_metric(id: u32, value: u64) -> u32;
    fn proxy_get_shared_data(
        key: *const u8,
        key_len: usize,
        value: *mut *mut u8,
        value_len: *mut usize,
        cas: *mut u32,
    ) -> u32;
    fn proxy_set_shared_data(
        key: *const u8,
        key_len: usize,
        value: *const u8,
        value_len: usize,
        cas: u32,
    ) -> u32;
    fn proxy_get_status(code: *mut u32, message: *mut *mut u8, message_len: *mut usize) -> u32;
}

fn check(status: u32) -> Result<()> {
    match status {
        0 => Ok(()),
        other => Err(Refused(other)),
    }
}

/// Calls a function that hands over memory which this module then owns.
fn taken(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Result<Vec<u8>> {
    let mut data = ptr::null_mut();
    let mut len = 0;
    check(call(&raw mut data, &raw mut len))?;
    if data.is_null() || len == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: The host got this memory from `proxy_on_memory_allocate`, which made a boxed slice of
    // exactly this length and forgot it.
    Ok(unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(data, len)) }.into_vec())
}

pub(crate) fn log(level: LogLevel, message: &str) {
    // SAFETY: The host only reads the message, during the call. A log that is refused is lost.
    let _ = unsafe { proxy_log(level as u32, message.as_ptr(), message.len()) };
}

/// Nanoseconds since 1970.
pub(crate) fn now() -> u64 {
    let mut time = 0;
    // SAFETY: The host writes one u64, during the call.
    let _ = unsafe { proxy_get_current_time_nanoseconds(&raw mut time) };
    time
}

pub(crate) fn set_tick_period(milliseconds: u32) -> Result<()> {
    // SAFETY: The call takes no memory.
    check(unsafe { proxy_set_tick_period_milliseconds(milliseconds) })
}

pub(crate) fn set_effective_context(context: u32) -> Result<()> {
    // SAFETY: The call takes no memory.
    check(unsafe { proxy_set_effective_context(context) })
}

pub(crate) fn property(path: &[&str]) -> Result<Vec<u8>> {
    let path = path.join("\0");
    // SAFETY: The host reads the path and writes the two places, during the call.
    taken(|value, len| unsafe { proxy_get_property(path.as_ptr(), path.len(), value, len) })
}

pub(crate) fn set_property(name: &str, value: &[u8]) -> Result<()> {
    // SAFETY: The host only reads both, during the call.
    check(unsafe { proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len()) })
}

/// The serialised pairs of a whole map; see [`crate::wire`].
pub(crate) fn header_pairs(map: Map) -> Result<Vec<u8>> {
    // SAFETY: The host writes the two places, during the call.
    taken(|pairs, len| unsafe { proxy_get_header_map_pairs(map as u32, pairs, len) })
}

/// The first value of one header.
pub(crate) fn header(map: Map, name: &str) -> Result<Vec<u8>> {
    // SAFETY: The host reads the name and writes the two places, during the call.
    taken(|value, len| unsafe {
        proxy_get_header_map_value(map as u32, name.as_ptr(), name.len(), value, len)
    })
}

pub(crate) fn add_header(map: Map, name: &str, value: &[u8]) -> Result<()> {
    // SAFETY: The host only reads both, during the call.
    check(unsafe {
        proxy_add_header_map_value(
            map as u32,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    })
}

pub(crate) fn replace_header(map: Map, name: &str, value: &[u8]) -> Result<()> {
    // SAFETY: The host only reads both, during the call.
    check(unsafe {
        proxy_replace_header_map_value(
            map as u32,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    })
}

pub(crate) fn remove_header(map: Map, name: &str) -> Result<()> {
    // SAFETY: The host only reads the name, during the call.
    check(unsafe { proxy_remove_header_map_value(map as u32, name.as_ptr(), name.len()) })
}

/// All octets of a buffer.
pub(crate) fn buffer(buffer: Buffer) -> Result<Vec<u8>> {
    // SAFETY: The host writes the two places, during the call.
    taken(|bytes, len| unsafe {
        proxy_get_buffer_bytes(buffer as u32, 0, u32::MAX as usize, bytes, len)
    })
}

/// Puts `bytes` in place of all octets of a buffer.
pub(crate) fn replace_buffer(buffer: Buffer, bytes: &[u8]) -> Result<()> {
    // SAFETY: The host only reads the octets, during the call.
    check(unsafe {
        proxy_set_buffer_bytes(
            buffer as u32,
            0,
            u32::MAX as usize,
            bytes.as_ptr(),
            bytes.len(),
        )
    })
}

pub(crate) fn resume(stream: StreamType) -> Result<()> {
    // SAFETY: The call takes no memory.
    check(unsafe { proxy_continue_stream(stream as u32) })
}

/// Answers the client. `headers` are serialised pairs; a gRPC status below zero leaves the mapping
/// to the proxy.
pub(crate) fn send_local_response(
    status: u16,
    details: &str,
    body: &[u8],
    headers: &[u8],
    grpc_status: i32,
) -> Result<()> {
    // SAFETY: The host only reads what is handed over, during the call.
    check(unsafe {
        proxy_send_local_response(
            u32::from(status),
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            grpc_status,
        )
    })
}

pub(crate) fn define_metric(kind: MetricType, name: &str) -> Result<u32> {
    let mut id = 0;
    // SAFETY: The host reads the name and writes the number, during the call.
    check(unsafe { proxy_define_metric(kind as u32, name.as_ptr(), name.len(), &raw mut id) })?;
    Ok(id)
}

pub(crate) fn increment_metric(id: u32, by: i64) -> Result<()> {
    // SAFETY: The call takes no memory.
    check(unsafe { proxy_increment_metric(id, by) })
}

pub(crate) fn record_metric(id: u32, value: u64) -> Result<()> {
    // SAFETY: The call takes no memory.
    check(unsafe { proxy_record_metric(id, value) })
}

/// The value under a key and the number that [`set_shared_data`] compares.
pub(crate) fn shared_data(key: &str) -> Result<(Vec<u8>, u32)> {
    let mut cas = 0;
    // SAFETY: The host reads the key and writes the three places, during the call.
    let value = taken(|value, len| unsafe {
        proxy_get_shared_data(key.as_ptr(), key.len(), value, len, &raw mut cas)
    })?;
    Ok((value, cas))
}

/// Stores a value, if nobody has stored another one since `cas` was read; 0 stores it in any case.
pub(crate) fn set_shared_data(key: &str, value: &[u8], cas: u32) -> Result<()> {
    // SAFETY: The host only reads both, during the call.
    check(unsafe {
        proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), cas)
    })
}

/// The message of the gRPC call whose result the callback is about.
pub(crate) fn grpc_message() -> Result<Vec<u8>> {
    let mut code = 0;
    // SAFETY: The host writes the three places, during the call.
    taken(|message, len| unsafe { proxy_get_status(&raw mut code, message, len) })
}
