/// Traces and metrics in OpenTelemetry's form, sent to a collector.
package dev.jiffy.server.telemetry;
