/// Numbers about a server, counted where they arise and read only when somebody asks: in the text
/// form of Prometheus, or sent in OpenTelemetry's.
///
/// A number is data that changes type: [Histogram] counts, [Family] is a snapshot with a name and
/// labels, [Exposition] and the exporter are its forms outside.
package dev.jiffy.server.metrics;
