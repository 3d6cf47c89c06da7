/// Who may ask.
package dev.jiffy.server.guard;
