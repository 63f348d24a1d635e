package org.hearth.server.servers.room;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// Hashes of what relations say, under which those of one event that say the same are found. They
/// are stored: they must stay as they are.
public final class Likeness {
  private Likeness() {}

  /// Of annotations: of one sender, type and key.
  public static long ofAnnotation(String sender, String type, String key) {
    return hash(sender + "\n" + type + "\n" + key);
  }

  /// Of replacements: of one sender and type, since only those of the same as of the event's count.
  public static long ofReplacement(String sender, String type) {
    return hash(RelationKind.REPLACEMENT.relType() + "\n" + sender + "\n" + type);
  }

  /// Of replies in a thread: of one sender.
  public static long ofReply(String sender) {
    return hash(RelationKind.THREAD.relType() + "\n" + sender);
  }

  private static long hash(String words) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return ByteBuffer.wrap(digest.digest(words.getBytes(StandardCharsets.UTF_8))).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
