//! The names of services by the port they usually listen on. A guess, and shown as one: in brackets behind the address.

/// Ports whose service is on many machines.
const KNOWN: &[(u16, &str)] = &[
    (22, "ssh"),
    (25, "smtp"),
    (53, "dns"),
    (80, "http"),
    (88, "kerberos"),
    (111, "rpcbind"),
    (123, "ntp"),
    (143, "imap"),
    (389, "ldap"),
    (443, "https"),
    (465, "smtps"),
    (514, "syslog"),
    (587, "submission"),
    (636, "ldaps"),
    (993, "imaps"),
    (1433, "mssql"),
    (1521, "oracle"),
    (1883, "mqtt"),
    (2049, "nfs"),
    (2181, "zookeeper"),
    (2379, "etcd"),
    (3306, "mysql"),
    (3389, "rdp"),
    (4222, "nats"),
    (5432, "postgresql"),
    (5671, "amqps"),
    (5672, "amqp"),
    (5044, "logstash"),
    (6379, "redis"),
    (6443, "kubernetes"),
    (8086, "influxdb"),
    (8500, "consul"),
    (8514, "tailcast"),
    (9042, "cassandra"),
    (9090, "prometheus"),
    (9092, "kafka"),
    (9100, "node exporter"),
    (9200, "elasticsearch"),
    (11211, "memcached"),
    (26379, "redis sentinel"),
    (27017, "mongodb"),
];

/// The usual service of a port.
pub(crate) fn usual(port: u16) -> Option<&'static str> {
    KNOWN.iter().find(|(known, _)| *known == port).map(|(_, name)| *name)
}
