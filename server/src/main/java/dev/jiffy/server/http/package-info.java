/// Bytes from and to clients over HTTP, on event loops.
package dev.jiffy.server.http;
