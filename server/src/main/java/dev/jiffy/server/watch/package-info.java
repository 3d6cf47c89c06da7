/// What became of each request, for whoever watches: an access log, the JDK's flight recorder,
/// traces. Nobody watches by default, and then nothing is written down.
package dev.jiffy.server.watch;
