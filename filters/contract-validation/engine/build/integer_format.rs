
/// The numbers of an integer format; `None` for any other format.
fn integer_range(format: &str) -> Option<std::ops::RangeInclusive<i64>> {
    match format {
        "int32" => Some(i64::from(i32::MIN)..=i64::from(i32::MAX)),
        "int64" => Some(i64::MIN..=i64::MAX),
        _ => None,
    }
}

struct IntegerFormatValidator {
    location: Location,
    format: String,
    range: std::ops::RangeInclusive<i64>,
}

impl<F: Json> Validate<F> for IntegerFormatValidator {
    fn is_valid(&self, instance: &F::Node<'_>, _ctx: &mut ValidationContext) -> bool {
        use jsonschema_value::JsonNumber;
        // A number with a zero fraction is an integer (JSON Schema 2020-12 core, section 6.1).
        instance.as_number().is_none_or(|number| {
            number.as_i64().is_some_and(|value| self.range.contains(&value))
                || number.as_u64().is_none()
                    && number.is_integer()
                    && number.as_f64().is_some_and(|value| {
                        value >= *self.range.start() as f64 && value < *self.range.end() as f64 + 1.0
                    })
        })
    }

    fn collect_errors<'i>(
        &self,
        instance: &F::Node<'i>,
        location: &LazyLocation,
        tracker: Option<&RefTracker>,
        ctx: &mut ValidationContext,
        errors: &mut Vec<ValidationError<'i>>,
    ) {
        if !Validate::<F>::is_valid(self, instance, ctx) {
            errors.push(ValidationError::format(
                self.location.clone(),
                crate::paths::capture_evaluation_path(tracker, &self.location),
                location.into(),
                instance.lazy_value(),
                self.format.clone(),
            ));
        }
    }
}
