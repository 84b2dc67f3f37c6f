//! How far one message has come on its way through the cores.

use std::mem;

use super::{Action, Direction, HeaderMap, Host, Part};
use crate::body::{Access, Body, BodyNeed, Size, announced_length, is_endless, may_have_trailers};
use crate::exchange::Message;
use crate::filter::Form;
use crate::headers::Headers;
use crate::problem::encode_grpc_message;
use crate::reply::Reply;

/// The part of the message that the cores look at now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Head,
    Body,
    Trailers,
    Done,
}

/// One message: what has arrived of it, what was passed on, and whose turn it is.
pub(super) struct Passage {
    pub(super) message: Message,
    pub(super) step: Step,
    /// The core that the message waits for.
    pub(super) waiting: Option<usize>,
    direction: Direction,
    /// How many cores have seen the head.
    head_passed: usize,
    /// How many cores have seen the current part of the body.
    body_passed: usize,
    /// How many cores have seen the trailers.
    trailers_passed: usize,
    needs: Vec<(usize, BodyNeed)>,
    arrived: Arrived,
    /// Whether what is held is kept here, so that the proxy's buffer stays empty.
    keeps: bool,
    /// What is kept here: the octets before those that the proxy has.
    kept: Vec<u8>,
    /// How many octets of the proxy's buffer the cores have seen.
    seen: usize,
    /// The body, or the part of it, that the cores look at now.
    current: Option<Body>,
    /// How many octets of the proxy's buffer the current part is.
    current_len: usize,
    /// Whether the current part begins with what was kept here.
    brings_kept: bool,
}

/// What is to be done next with a message.
pub(super) enum Turn {
    /// The core at this position, counted in the order of the cores, gets the event of this step.
    Core(Step, usize),
    /// Nothing can be done before more arrives.
    Stop(Action),
}

#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "Each is a part that came or did not."
)]
struct Arrived {
    head: bool,
    /// Octets that the proxy has buffered or passes now.
    len: usize,
    /// A part of the body that no core has seen.
    unseen: bool,
    last: bool,
    trailers: bool,
    /// The body is longer than any cap, or has no end.
    unholdable: bool,
}

impl Passage {
    pub(super) fn new(direction: Direction) -> Self {
        Self {
            message: Message::default(),
            step: Step::Head,
            waiting: None,
            direction,
            head_passed: 0,
            body_passed: 0,
            trailers_passed: 0,
            needs: Vec::new(),
            arrived: Arrived::default(),
            keeps: false,
            kept: Vec::new(),
            seen: 0,
            current: None,
            current_len: 0,
            brings_kept: false,
        }
    }

    pub(super) fn head_arrived(&mut self, is_all: bool) {
        self.arrived.head = true;
        self.arrived.last = is_all;
        self.message.head_is_all = is_all;
    }

    pub(super) fn body_arrived(&mut self, len: usize, last: bool) {
        self.arrived.len = len;
        self.arrived.unseen = true;
        self.arrived.last = last;
    }

    pub(super) fn trailers_arrived(&mut self) {
        self.arrived.trailers = true;
        self.arrived.last = true;
    }

    /// Whether trailers have come that nobody announced, so that what is kept has no place to go.
    pub(super) fn is_stranded(&self) -> bool {
        self.arrived.trailers && !self.kept.is_empty()
    }

    /// Notes what a core wants of the body; it counts while the head passes.
    pub(super) fn need(&mut self, index: usize, need: BodyNeed) {
        if self.step == Step::Head && !self.message.head_is_all {
            self.needs.retain(|(other, _)| *other != index);
            self.needs.push((index, need));
        }
    }

    /// Says what is next, having flushed what the turns before have completed.
    pub(super) fn turn(&mut self, cores: usize, form: Form, host: &mut dyn Host) -> Turn {
        loop {
            match self.step {
                Step::Head if !self.arrived.head => return Turn::Stop(Action::Continue),
                Step::Head if self.waits_for_body(form) => {
                    self.look_ahead(host);
                    if self.current.is_none() && !self.body_is_due() {
                        return Turn::Stop(Action::Pause);
                    }
                    return self.body_turn(host);
                }
                Step::Head if self.head_passed < cores => {
                    self.head_passed += 1;
                    return Turn::Core(Step::Head, self.head_passed - 1);
                }
                Step::Head => self.finish_head(form, host),
                Step::Body if self.current.is_none() && !self.body_is_due() => {
                    return Turn::Stop(self.between_parts(form, host));
                }
                Step::Body if self.body_passed < cores => return self.body_turn(host),
                Step::Body => self.finish_part(host),
                Step::Trailers if self.trailers_passed < cores => {
                    self.trailers_passed += 1;
                    return Turn::Core(Step::Trailers, self.trailers_passed - 1);
                }
                Step::Trailers => {
                    self.flush(Part::Trailers, host);
                    self.step = Step::Done;
                }
                Step::Done => return Turn::Stop(self.between_parts(form, host)),
            }
        }
    }

    /// Whether the core that saw the head last holds it until it has seen the body. As in a chain
    /// of modules, the cores behind it see nothing before that.
    fn waits_for_body(&self, form: Form) -> bool {
        form == Form::Held && self.body_passed < self.head_passed && self.holds()
    }

    fn body_turn(&mut self, host: &mut dyn Host) -> Turn {
        if self.current.is_none() {
            self.take_body(host);
        }
        self.body_passed += 1;
        Turn::Core(Step::Body, self.body_passed - 1)
    }

    /// What a core is to see of the body now.
    pub(super) fn lend_body(&mut self, index: usize) -> Option<Body> {
        let (_, need) = self.needs.iter_mut().find(|(own, _)| *own == index)?;
        let current = self.current.as_ref()?;
        let fits = |cap: usize| current.size() == Size::Last && current.bytes().len() <= cap;
        let lent = match need.access {
            Access::Tee => true,
            // All of it may have come while a core waited, but when it comes must change nothing.
            Access::Hold { cap } => !self.arrived.unholdable && fits(cap),
            Access::HoldElseTee { cap } => {
                if self.arrived.unholdable || !fits(cap) {
                    need.access = Access::Tee;
                }
                true
            }
        };
        if lent {
            return self.current.take();
        }
        self.needs.retain(|(own, _)| *own != index);
        Some(Body::new(Vec::new(), Size::NotHeld))
    }

    /// Takes back what was lent.
    pub(super) fn return_body(&mut self, body: Body) {
        if body.size() != Size::NotHeld {
            self.current = Some(body);
        }
    }

    /// Every core has seen the head.
    fn finish_head(&mut self, form: Form, host: &mut dyn Host) {
        self.look_ahead(host);
        if form == Form::Streamed || !self.holds() {
            self.keeps = self.holds() && !self.may_have_trailers(host);
            self.send_head(host);
        }
        self.step = if self.message.head_is_all {
            Step::Done
        } else {
            Step::Body
        };
    }

    /// Every core has seen the current part of the body.
    fn finish_part(&mut self, host: &mut dyn Host) {
        let last = self
            .current
            .as_ref()
            .is_some_and(|body| body.size() == Size::Last);
        self.write_body(host);
        self.body_passed = 0;
        if last {
            self.needs.clear();
        }
        if !self.holds() {
            self.send_head(host);
        }
        if !last {
            return;
        }
        if self.arrived.trailers {
            self.step = Step::Trailers;
        } else {
            self.flush(Part::Trailers, host);
            self.step = Step::Done;
        }
    }

    /// Puts a reply in place of a held response whose body is all there; false where that cannot
    /// be done.
    pub(super) fn put_in_place(
        &mut self,
        reply: &Reply,
        position: usize,
        host: &mut dyn Host,
    ) -> bool {
        let has_seen_all = self.arrived.last && self.body_passed > position;
        if self.message.head_sent || !has_seen_all {
            return false;
        }
        self.message
            .headers
            .get_or_init(|| host.headers(map(self.direction, Part::Head)));
        let Some(headers) = self.message.headers.get_mut() else {
            return false;
        };
        headers.remove_matching(|_| true);
        headers.set(":status", reply.status.to_string());
        let mut own_trailers = None;
        if self.arrived.trailers {
            let read = || host.headers(map(self.direction, Part::Trailers));
            self.message.trailers.get_or_init(read);
            own_trailers = self.message.trailers.get_mut();
        }
        put_fields(headers, own_trailers, reply);
        let mut body = self
            .current
            .take()
            .unwrap_or(Body::new(Vec::new(), Size::Last));
        body.replace(reply.body.clone());
        headers.set("content-length", body.bytes().len().to_string());
        self.current = Some(body);
        true
    }

    /// What the proxy does with a part after which the cores have nothing more to say for now.
    fn between_parts(&mut self, form: Form, host: &mut dyn Host) -> Action {
        let head_waits = self.step == Step::Body && !self.message.head_sent;
        let body_waits = self.step == Step::Body && self.is_holding() && self.arrived.len > 0;
        if form == Form::Streamed && body_waits && self.keeps {
            self.keep(host);
        } else if head_waits || (form == Form::Streamed && body_waits) {
            return Action::Pause;
        }
        // What the proxy has buffered goes on, so the buffer starts anew.
        self.seen = 0;
        self.arrived.len = 0;
        Action::Continue
    }

    /// Takes what the proxy would have to hold, and lets the emptied part go on.
    ///
    /// What a paused part is followed by joins it in the proxy's buffer before any filter is asked,
    /// and a fast upstream fills that beyond its limit in one go. The proxy then breaks off a
    /// message whose head has gone, however little was to be held.
    fn keep(&mut self, host: &mut dyn Host) {
        let mut buffered = host.body(self.direction);
        let mut fresh = buffered.split_off(self.seen.min(buffered.len()));
        self.kept.append(&mut fresh);
        host.replace_body(self.direction, &buffered);
    }

    /// Whether a core still waits for the whole body.
    fn holds(&self) -> bool {
        self.largest_cap().is_some()
    }

    /// Whether the body is to be kept back, as far as it has come.
    fn is_holding(&self) -> bool {
        self.largest_cap()
            .is_some_and(|cap| self.kept.len() + self.arrived.len <= cap)
    }

    fn largest_cap(&self) -> Option<usize> {
        let cap = |(_, need): &(usize, BodyNeed)| match need.access {
            Access::Hold { cap } | Access::HoldElseTee { cap } => Some(cap),
            Access::Tee => None,
        };
        self.needs.iter().filter_map(cap).max()
    }

    /// Whether the cores can be shown a part of the body now.
    fn body_is_due(&self) -> bool {
        let passes = self.arrived.unseen && !self.is_holding();
        let never_held = self.arrived.unholdable && self.holds();
        self.arrived.last || passes || never_held
    }

    /// Reads off the head what it says about the body that somebody asked for.
    fn look_ahead(&mut self, host: &mut dyn Host) {
        if self.needs.is_empty() {
            return;
        }
        let headers = self
            .message
            .headers
            .get_or_init(|| host.headers(map(self.direction, Part::Head)));
        let too_long = self
            .largest_cap()
            .is_some_and(|cap| announced_length(headers).is_some_and(|len| len > cap));
        self.arrived.unholdable = too_long || is_endless(headers);
    }

    /// Whether the head leaves open that trailers follow. They come without a part of the body, so
    /// what is put before them must be in the proxy's buffer.
    fn may_have_trailers(&self, host: &dyn Host) -> bool {
        let is_http_1 = || {
            let protocol = match self.direction {
                Direction::Request => host.property(&["request", "protocol"]),
                // The response of an upstream says what coding it has.
                Direction::Response => None,
            };
            protocol.is_some_and(|protocol| protocol.starts_with(b"HTTP/1"))
        };
        let headers = self.message.headers.get();
        headers.is_none_or(|headers| may_have_trailers(headers, is_http_1))
    }

    /// Reads the part of the body that the cores have not seen.
    fn take_body(&mut self, host: &mut dyn Host) {
        self.arrived.unseen = false;
        let mut bytes = if self.needs.is_empty() || self.arrived.len == 0 {
            Vec::new()
        } else {
            host.body(self.direction)
        };
        bytes.drain(..self.seen.min(bytes.len()));
        self.current_len = bytes.len();
        self.brings_kept = !self.kept.is_empty();
        bytes.splice(..0, mem::take(&mut self.kept));
        let size = if self.arrived.last {
            Size::Last
        } else {
            Size::Chunk
        };
        self.current = Some(Body::new(bytes, size));
    }

    /// Puts the cores' octets in place of those that the proxy has. While cores waited, more may
    /// have come behind them.
    fn write_body(&mut self, host: &mut dyn Host) {
        let Some(body) = self.current.take() else {
            return;
        };
        let end = self.seen + self.current_len;
        if !body.is_replaced() && !self.brings_kept {
            self.seen = end;
            return;
        }
        let buffered = host.body(self.direction);
        let before = buffered.get(..self.seen).unwrap_or_default();
        let behind = buffered.get(end..).unwrap_or_default();
        let written = [before, body.bytes(), behind].concat();
        host.replace_body(self.direction, &written);
        self.seen += body.bytes().len();
        self.arrived.len = written.len();
        if let (false, Size::Last, Some(headers)) = (
            self.message.head_sent,
            body.size(),
            self.message.headers.get_mut(),
        ) && headers.contains("content-length")
        {
            headers.set("content-length", written.len().to_string());
        }
    }

    fn send_head(&mut self, host: &mut dyn Host) {
        if self.message.head_sent {
            return;
        }
        let may_change = self.needs.iter().any(|(_, need)| need.replaces);
        if may_change && let Some(headers) = self.message.headers.get_mut() {
            headers.remove("content-length");
        }
        self.flush(Part::Head, host);
        self.message.head_sent = true;
    }

    fn flush(&mut self, part: Part, host: &mut dyn Host) {
        let headers = match part {
            Part::Head => self.message.headers.get_mut(),
            Part::Trailers => self.message.trailers.get_mut(),
        };
        if let Some(headers) = headers.filter(|headers| headers.is_edited()) {
            host.edit(map(self.direction, part), headers.take_edits());
        }
    }
}

fn map(direction: Direction, part: Part) -> HeaderMap {
    HeaderMap { direction, part }
}

/// Writes a reply's fields; what tells the outcome of a gRPC call goes where its client looks: into
/// the trailers where the message has some, else into the head.
fn put_fields(headers: &mut Headers, mut trailers: Option<&mut Headers>, reply: &Reply) {
    if let Some(trailers) = &mut trailers {
        trailers.remove_matching(|_| true);
    }
    if reply.grpc.is_some() {
        headers.set("content-type", "application/grpc");
    }
    let outcome = reply.grpc.iter().flat_map(|grpc| {
        [
            ("grpc-status".to_owned(), grpc.code.to_string().into_bytes()),
            (
                "grpc-message".to_owned(),
                encode_grpc_message(&grpc.message).into_bytes(),
            ),
        ]
    });
    for (name, value) in reply.headers.iter().cloned().chain(outcome) {
        match &mut trailers {
            Some(trailers) if name.starts_with("grpc-") => trailers.append(name, value),
            _ => headers.append(name, value),
        }
    }
}
