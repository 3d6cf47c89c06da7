/// Memory that callers on the same machine share.
package dev.jiffy.server.shared;
