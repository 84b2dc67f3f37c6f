//! A set of descriptors becomes types, in which every reference is resolved.

use std::collections::BTreeMap;
use std::rc::Rc;

use kit::policy::{Findings, did_you_mean};

use super::descriptor::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
    FileDescriptorSet, ServiceDescriptorProto,
};
use super::features::{Features, Presence};
use super::rules::{MessageRules, Place, Rules, Subject};
use super::types::{
    Cardinality, EnumId, EnumType, Exclusive, Field, Kept, Kind, MessageType, Oneof, Types,
    WellKnown,
};
use super::{MessageId, Method};

/// What a set of descriptors says.
#[derive(Debug, Default)]
pub(super) struct Descriptors {
    pub(super) types: Types,
    /// The methods of each service, by its name.
    pub(super) services: BTreeMap<String, Vec<Rc<Method>>>,
    /// What the descriptors ask for that is not checked.
    pub(super) notes: Findings,
}

/// The most messages and enumerations of a set.
const MOST_TYPES: usize = 16_384;

/// The most fields of a set.
const MOST_FIELDS: usize = 131_072;

/// The largest field number (<https://protobuf.dev/programming-guides/proto3/#assigning>).
const MOST_FIELD_NUMBER: u32 = (1 << 29) - 1;

impl Descriptors {
    /// Resolves a set.
    pub(super) fn resolve(set: &FileDescriptorSet) -> Result<Self, Findings> {
        let mut resolution = Resolution::default();
        for file in &set.file {
            resolution.declare_file(file);
        }
        let mut messages = Vec::new();
        for (place, declared) in resolution.declared.iter().enumerate() {
            let id = MessageId(place);
            let message = message(id, declared, &resolution.names, &mut resolution.told);
            messages.push(message);
        }
        resolution.types.messages = messages;
        resolution.extend();
        resolution.order_fields();
        resolution.rule();
        for file in &set.file {
            for service in &file.service {
                resolution.service(&file.package, service);
            }
        }
        let Resolution {
            mut types,
            services,
            told,
            ..
        } = resolution;
        mark_ruled(&mut types);
        told.findings.or(Self {
            types,
            services,
            notes: told.notes,
        })
    }
}

/// A set on its way to types.
#[derive(Default)]
struct Resolution<'d> {
    /// The messages, each at the place that it has among the types.
    declared: Vec<Declared<'d>>,
    extensions: Vec<Extension<'d>>,
    names: BTreeMap<String, Reference>,
    types: Types,
    services: BTreeMap<String, Vec<Rc<Method>>>,
    told: Told,
}

/// What there is to say about a set.
#[derive(Default)]
struct Told {
    findings: Findings,
    notes: Findings,
    /// How many fields there were so far.
    fields: usize,
    /// The rules of fields, which are read once all types are known.
    rules: Vec<Ruled>,
}

/// A field with rules.
struct Ruled {
    message: MessageId,
    number: u32,
    /// Its full name.
    place: String,
    /// `buf.validate.field`.
    octets: Vec<u8>,
}

struct Declared<'d> {
    name: String,
    features: Features,
    descriptor: &'d DescriptorProto,
}

struct Extension<'d> {
    /// The package, or the message, in which it is declared.
    scope: String,
    features: Features,
    descriptor: &'d FieldDescriptorProto,
}

/// What a name stands for.
#[derive(Clone, Copy)]
enum Reference {
    /// A message, and whether it is the entry of a map.
    Message(MessageId, bool),
    Enum(EnumId),
}

impl<'d> Resolution<'d> {
    fn declare_file(&mut self, file: &'d FileDescriptorProto) {
        let Some(features) = Features::of(&file.syntax) else {
            let message = format!(
                "`{}` has a syntax that is not known; expected proto2, proto3 or an edition",
                file.name
            );
            self.told.findings.add("", message);
            return;
        };
        let own = file.options.as_ref().and_then(|own| own.features.as_ref());
        let features = features.with(own);
        for message in &file.message_type {
            self.declare_message(&file.package, features, message);
        }
        for enumeration in &file.enum_type {
            self.declare_enum(&file.package, features, enumeration);
        }
        self.declare_extensions(&file.package, features, &file.extension);
    }

    fn declare_message(&mut self, scope: &str, features: Features, own: &'d DescriptorProto) {
        let name = qualified(scope, &own.name);
        let options = own.options.as_ref();
        let features = features.with(options.and_then(|own| own.features.as_ref()));
        let is_map_entry = options.is_some_and(|own| own.map_entry);
        let id = MessageId(self.declared.len());
        self.declare(&name, Reference::Message(id, is_map_entry));
        for nested in &own.enum_type {
            self.declare_enum(&name, features, nested);
        }
        self.declare_extensions(&name, features, &own.extension);
        self.declared.push(Declared {
            name: name.clone(),
            features,
            descriptor: own,
        });
        for nested in &own.nested_type {
            self.declare_message(&name, features, nested);
        }
    }

    fn declare_enum(&mut self, scope: &str, features: Features, own: &EnumDescriptorProto) {
        let name = qualified(scope, &own.name);
        let own_features = own.options.as_ref().and_then(|own| own.features.as_ref());
        let id = EnumId(self.types.enums.len());
        self.declare(&name, Reference::Enum(id));
        let mut values: Vec<(Box<str>, i32)> = own
            .value
            .iter()
            .map(|value| (value.name.as_str().into(), value.number))
            .collect();
        values.sort_unstable();
        let mut numbers: Vec<i32> = values.iter().map(|(_, number)| *number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        self.types.enums.push(EnumType {
            name,
            is_closed: features.with(own_features).closed_enums,
            values,
            numbers,
        });
    }

    fn declare_extensions(
        &mut self,
        scope: &str,
        features: Features,
        own: &'d [FieldDescriptorProto],
    ) {
        self.extensions
            .extend(own.iter().map(|descriptor| Extension {
                scope: scope.to_owned(),
                features,
                descriptor,
            }));
    }

    fn declare(&mut self, name: &str, reference: Reference) {
        if self.names.len() == MOST_TYPES {
            let message = format!("has more than {MOST_TYPES} messages and enumerations");
            self.told.findings.add("", message);
        }
        if self.names.insert(name.to_owned(), reference).is_some() {
            let message = format!("`{name}` is declared twice");
            self.told.findings.add("", message);
        }
    }

    /// Adds extensions to what they extend. Those of messages that are not there, such as the options
    /// of descriptors, extend nothing that is checked.
    fn extend(&mut self) {
        for extension in &self.extensions {
            let own = extension.descriptor;
            let extendee = own.extendee.trim_start_matches('.');
            let Some(Reference::Message(id, ..)) = self.names.get(extendee) else {
                continue;
            };
            let name = format!("[{}]", qualified(&extension.scope, &own.name));
            let features = extension.features;
            let context = Context {
                id: *id,
                message: extendee,
                features,
                is_extension: true,
            };
            let field = field(&context, own, &name, &self.names, &mut self.told);
            if let (Some(field), Some(message)) = (field, self.types.messages.get_mut(id.0)) {
                message.fields.push(field);
            }
        }
    }

    /// Puts the fields of each message in order, once it has all of them.
    fn order_fields(&mut self) {
        for (message, declared) in self.types.messages.iter_mut().zip(&self.declared) {
            message.fields.sort_unstable_by_key(|field| field.number);
            for pair in message.fields.windows(2) {
                if let [one, other] = pair
                    && one.number == other.number
                {
                    let (name, number) = (&message.name, one.number);
                    let finding = format!("`{name}` has the field number {number} twice");
                    self.told.findings.add("", finding);
                }
            }
            name_fields(message, declared.descriptor);
        }
    }

    /// Reads the rules of fields and messages.
    fn rule(&mut self) {
        for ruled in std::mem::take(&mut self.told.rules) {
            let message = self.types.message(ruled.message);
            let Some(field) = message.and_then(|message| message.field(ruled.number)) else {
                continue;
            };
            let mut place = Place {
                name: &ruled.place,
                notes: &mut self.told.notes,
            };
            let rules = Rules::read(&ruled.octets, subject(&self.types, field), &mut place);
            let says_something = !rules.ask_nothing() || rules.ignore_all();
            let message = self.types.messages.get_mut(ruled.message.0);
            if let Some(field) = message.and_then(|message| message.field_mut(ruled.number)) {
                field.rules = says_something.then(|| Box::new(rules));
            }
        }
        for (message, declared) in self.types.messages.iter_mut().zip(&self.declared) {
            rule_message(message, declared.descriptor, &mut self.told);
        }
    }

    fn service(&mut self, package: &str, own: &ServiceDescriptorProto) {
        let name = qualified(package, &own.name);
        let mut methods: Vec<Rc<Method>> = Vec::new();
        for method in &own.method {
            let path = format!("/{name}/{}", method.name);
            if method.name.is_empty() || methods.iter().any(|own| own.path == path) {
                let message = format!("`{path}` is declared twice, or has no name");
                self.told.findings.add("", message);
            }
            let input = self.message_named(&path, &method.input_type);
            let output = self.message_named(&path, &method.output_type);
            let level = method.options.as_ref().map(|own| own.idempotency_level);
            if let (Some(input), Some(output)) = (input, output) {
                methods.push(Rc::new(Method {
                    path,
                    input,
                    output,
                    client_streaming: method.client_streaming,
                    server_streaming: method.server_streaming,
                    no_side_effects: level == Some(NO_SIDE_EFFECTS),
                }));
            }
        }
        if self.services.insert(name.clone(), methods).is_some() || own.name.is_empty() {
            let message = format!("the service `{name}` is declared twice, or has no name");
            self.told.findings.add("", message);
        }
    }

    fn message_named(&mut self, place: &str, type_name: &str) -> Option<MessageId> {
        match find(place, type_name, &self.names, &mut self.told)? {
            Reference::Message(id, ..) => Some(id),
            Reference::Enum(_) => {
                let message = format!("`{place}` names `{type_name}`, which is no message");
                self.told.findings.add("", message);
                None
            }
        }
    }
}

/// `google.protobuf.MethodOptions.NO_SIDE_EFFECTS`.
const NO_SIDE_EFFECTS: u32 = 1;

fn qualified(scope: &str, name: &str) -> String {
    if scope.is_empty() {
        name.to_owned()
    } else {
        format!("{scope}.{name}")
    }
}

/// What a type name stands for. Compilers write the full name, after a dot.
fn find(
    place: &str,
    type_name: &str,
    names: &BTreeMap<String, Reference>,
    told: &mut Told,
) -> Option<Reference> {
    let name = type_name.strip_prefix('.').unwrap_or(type_name);
    let found = names.get(name).copied();
    if found.is_none() {
        let hint = did_you_mean(name, names.keys().map(String::as_str));
        let message = format!(
            "`{place}` names the type `{name}`, which is not in the set; build the set with its \
             imports{hint}"
        );
        told.findings.add("", message);
    }
    found
}

fn message(
    id: MessageId,
    declared: &Declared<'_>,
    names: &BTreeMap<String, Reference>,
    told: &mut Told,
) -> MessageType {
    let own = declared.descriptor;
    let context = Context {
        id,
        message: &declared.name,
        features: declared.features,
        is_extension: false,
    };
    let fields = own
        .field
        .iter()
        .filter_map(|own| field(&context, own, &own.name, names, told))
        .collect();
    let oneofs = own.oneof_decl.iter().map(|own| Oneof {
        name: own.name.as_str().into(),
        required: own
            .options
            .as_ref()
            .and_then(|own| own.rules.as_ref())
            .is_some_and(|rules| rules.required),
    });
    MessageType {
        name: declared.name.clone(),
        fields,
        names: Vec::new(),
        oneofs: oneofs.collect(),
        exclusive: Vec::new(),
        well_known: WellKnown::of(&declared.name),
        is_map_entry: own.options.as_ref().is_some_and(|own| own.map_entry),
        is_ruled: false,
    }
}

/// Where a field is declared.
struct Context<'c> {
    id: MessageId,
    message: &'c str,
    features: Features,
    is_extension: bool,
}

fn field(
    context: &Context<'_>,
    own: &FieldDescriptorProto,
    name: &str,
    names: &BTreeMap<String, Reference>,
    told: &mut Told,
) -> Option<Field> {
    let place = qualified(context.message, name);
    told.fields += 1;
    if told.fields == MOST_FIELDS + 1 {
        told.findings
            .add("", format!("has more than {MOST_FIELDS} fields"));
    }
    if own.number == 0 || own.number > MOST_FIELD_NUMBER {
        let message = format!("`{place}` has a number that no field can have");
        told.findings.add("", message);
        return None;
    }
    let options = own.options.as_ref();
    let own_features = options.and_then(|own| own.features.as_ref());
    let features = context.features.with(own_features);
    let reference = match own.r#type {
        // A descriptor may leave it to the name whether it is a message or an enumeration.
        0 | 10 | 11 | 14 => Some(find(&place, &own.type_name, names, told)?),
        _ => None,
    };
    let Some(kind) = kind(own.r#type, reference, features) else {
        told.findings
            .add("", format!("`{place}` has a type that is not known"));
        return None;
    };
    let is_map = matches!(reference, Some(Reference::Message(_, true)));
    let cardinality = match own.label {
        3 if is_map => Cardinality::Map,
        3 => Cardinality::Repeated,
        2 => Cardinality::Required,
        _ if features.presence == Presence::Required && !context.is_extension => {
            Cardinality::Required
        }
        _ => Cardinality::Singular,
    };
    let is_repeated = matches!(cardinality, Cardinality::Repeated | Cardinality::Map);
    let has_presence = !is_repeated
        && (features.presence != Presence::Implicit
            || own.oneof_index.is_some()
            || context.is_extension
            || kind.message().is_some());
    if let Some(octets) = options
        .map(|own| own.rules.concat())
        .filter(|own| !own.is_empty())
    {
        told.rules.push(Ruled {
            message: context.id,
            number: own.number,
            place,
            octets,
        });
    }
    // What is `optional` in proto3 has a oneof of its own, which is none.
    let oneof = own.oneof_index.filter(|_| !own.proto3_optional);
    Some(Field {
        number: own.number,
        name: name.into(),
        // The entry of a map is never a group.
        kind: if is_map { as_message(kind) } else { kind },
        cardinality,
        has_presence,
        utf8: features.utf8,
        oneof: oneof.and_then(|index| usize::try_from(index).ok()),
        rules: None,
        kept: Kept::Nothing,
    })
}

fn as_message(kind: Kind) -> Kind {
    kind.message().map_or(kind, Kind::Message)
}

/// The kind of a field, by `google.protobuf.FieldDescriptorProto.Type`.
fn kind(number: u32, reference: Option<Reference>, features: Features) -> Option<Kind> {
    Some(match (number, reference) {
        (1, _) => Kind::Double,
        (2, _) => Kind::Float,
        (3, _) => Kind::Int64,
        (4, _) => Kind::Uint64,
        (5, _) => Kind::Int32,
        (6, _) => Kind::Fixed64,
        (7, _) => Kind::Fixed32,
        (8, _) => Kind::Bool,
        (9, _) => Kind::String,
        (12, _) => Kind::Bytes,
        (13, _) => Kind::Uint32,
        (15, _) => Kind::Sfixed32,
        (16, _) => Kind::Sfixed64,
        (17, _) => Kind::Sint32,
        (18, _) => Kind::Sint64,
        (10, Some(Reference::Message(id, ..))) => Kind::Group(id),
        (0 | 11, Some(Reference::Message(id, ..))) if features.delimited => Kind::Group(id),
        (0 | 11, Some(Reference::Message(id, ..))) => Kind::Message(id),
        (0 | 14, Some(Reference::Enum(id))) => Kind::Enum(id),
        _ => return None,
    })
}

/// What rules of a field are for.
fn subject(types: &Types, field: &Field) -> Subject {
    let element = |kind: Kind| {
        let message = kind.message().and_then(|id| types.message(id));
        (kind, message.and_then(|message| message.well_known))
    };
    let entry = field.kind.message().and_then(|id| types.entry(id));
    match (field.cardinality, entry) {
        (Cardinality::Repeated, _) => Subject::List(element(field.kind)),
        (Cardinality::Map, Some((key, value))) => Subject::Map {
            key: element(key.kind),
            value: element(value.kind),
        },
        _ => Subject::Value(element(field.kind)),
    }
}

/// Puts the names in order that fields have in JSON: their own, and those that are made of them.
fn name_fields(message: &mut MessageType, own: &DescriptorProto) {
    let mut names = BTreeMap::new();
    let place = |number: u32| {
        let fields = &message.fields;
        fields
            .binary_search_by_key(&number, |field| field.number)
            .ok()
    };
    for descriptor in &own.field {
        let Some(place) = place(descriptor.number) else {
            continue;
        };
        let json_name = match descriptor.json_name.as_str() {
            "" => lower_camel(&descriptor.name),
            name => name.to_owned(),
        };
        names.insert(json_name, place);
    }
    // A field is also known by its own name, unless that is another's in JSON.
    for (place, field) in message.fields.iter().enumerate() {
        names.entry(field.name.to_string()).or_insert(place);
    }
    message.names = names
        .into_iter()
        .map(|(name, place)| (name.into(), place))
        .collect();
}

/// The name in JSON that compilers make of a field's name.
fn lower_camel(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    let mut is_start = false;
    for character in name.chars() {
        match character {
            '_' => is_start = true,
            _ if is_start => {
                camel.push(character.to_ascii_uppercase());
                is_start = false;
            }
            _ => camel.push(character),
        }
    }
    camel
}

/// Reads `buf.validate.message`.
fn rule_message(message: &mut MessageType, own: &DescriptorProto, told: &mut Told) {
    let Some(options) = &own.options else {
        return;
    };
    let name = message.name.clone();
    let mut place = Place {
        name: &name,
        notes: &mut told.notes,
    };
    let rules = MessageRules::read(&options.rules.concat(), &mut place);
    for (names, required) in rules.exclusive {
        match Exclusive::of(message, &names, required) {
            Ok(exclusive) => message.exclusive.push(exclusive),
            Err(field) => {
                let why = format!("there is no field `{field}`");
                place.unchecked("message.oneof", &why);
            }
        }
    }
    let fields = message.exclusive.iter().flat_map(|own| &own.fields);
    let numbers: Vec<u32> = fields.copied().collect();
    for field in &mut message.fields {
        if numbers.contains(&field.number)
            && let Some(rules) = &mut field.rules
        {
            rules.exempt_zero();
        }
    }
}

/// Marks what is looked at after a message was read. Nothing else of it is kept.
fn mark_ruled(types: &mut Types) {
    // A message is ruled where one in it is, so this goes on until nothing changes.
    loop {
        let ruled: Vec<bool> = types.messages.iter().map(|own| own.is_ruled).collect();
        let is_ruled = |kind: Kind| {
            let place = kind.message().and_then(|id| ruled.get(id.0));
            place.copied().unwrap_or_default()
        };
        for message in &mut types.messages {
            mark_message(message, is_ruled);
        }
        let is_done = |(own, before): (&MessageType, &bool)| own.is_ruled == *before;
        if types.messages.iter().zip(&ruled).all(is_done) {
            return;
        }
    }
}

fn mark_message(message: &mut MessageType, is_ruled: impl Fn(Kind) -> bool) {
    // The values of these are looked at where a field of that type has rules.
    let is_value = matches!(
        message.well_known,
        Some(
            WellKnown::Any
                | WellKnown::Duration
                | WellKnown::FieldMask
                | WellKnown::Timestamp
                | WellKnown::Wrapper(_)
        )
    );
    // An entry of a map is kept as a whole where its map is.
    let is_kept = is_value || message.is_map_entry;
    let mut ruled_oneofs: Vec<bool> = message.oneofs.iter().map(|own| own.required).collect();
    let mut asks = !message.exclusive.is_empty() || ruled_oneofs.contains(&true);
    for field in &mut message.fields {
        let rules = field.rules.as_deref();
        let is_ignored = rules.is_some_and(Rules::ignore_all);
        let has_ruled_message = !is_ignored && is_ruled(field.kind);
        let is_asked = has_ruled_message
            || field.cardinality == Cardinality::Required
            || rules.is_some_and(|own| !is_ignored && !own.ask_nothing());
        asks |= is_asked;
        let mut sets = message.exclusive.iter();
        let is_ruled = is_kept || is_asked || sets.any(|own| own.fields.contains(&field.number));
        let looks_inside = has_ruled_message || rules.is_some_and(Rules::look_at_elements);
        field.kept = match (is_ruled, is_kept || looks_inside) {
            (false, _) => Kept::Nothing,
            (true, false) => Kept::Value,
            (true, true) => Kept::Elements,
        };
        if let Some(oneof) = field.oneof.and_then(|place| ruled_oneofs.get_mut(place)) {
            *oneof |= is_ruled;
        }
    }
    // A member of a oneof is cleared by any other one.
    for field in &mut message.fields {
        let oneof = field.oneof.and_then(|place| ruled_oneofs.get(place));
        if oneof == Some(&true) {
            field.kept = field.kept.max(Kept::Value);
        }
    }
    message.is_ruled = asks;
}
