//! The formats of an RTP media line: static numbers, rtpmap and fmtp read together.
