//! Finds which API version a request asks for, and holds it to the policy.
