//! Real stores for records, as `idempotency-keys` reaches them: etcd of one node and of three, Redis
//! and Valkey, and HTTP in front of them.

mod etcd;
mod etcd_cluster;
mod front;
mod record;
mod redis;
mod resp;
mod server;

pub use etcd::{Etcd, EtcdOptions, EtcdUser, EtcdVersion};
pub use etcd_cluster::EtcdCluster;
pub use front::{FrontKind, RedisFront};
pub use record::Record;
pub use redis::{Redis, RedisKind};
pub use resp::Reply;
pub use server::Server;
