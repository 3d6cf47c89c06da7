package dev.jiffy.server;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// How connections are encrypted: TLS 1.3 or 1.2, with files in PEM form.
///
/// @param certificate the server's certificate, and those that vouch for it
/// @param key its private key, not encrypted
/// @param clientAuthorities who vouches for clients, which then need a certificate; null to take
///   any client
public record Tls(Path certificate, Path key, @Nullable Path clientAuthorities) {}
