//! How a local socket is reached, a phone's or another program's: a Unix socket, or a named pipe of Windows.

use interprocess::local_socket::tokio::Stream;
use interprocess::local_socket::{GenericFilePath, ToFsName};
use std::io;
use std::path::Path;

/// Connects to the socket of this name.
///
/// # Errors
/// It is no name of one, nobody listens there, or a pipe of Windows has had no end to spare for five seconds.
pub async fn connect(path: &Path) -> io::Result<Stream> {
    let name = path.to_fs_name::<GenericFilePath>()?;
    #[cfg(windows)]
    {
        use interprocess::ConnectWaitMode;
        use interprocess::os::windows::named_pipe::local_socket::tokio as pipe;
        use interprocess::os::windows::named_pipe::pipe_mode::Bytes;
        use interprocess::os::windows::named_pipe::tokio::DuplexPipeStream;
        /// How long a pipe may have no end to spare: whoever serves it makes the next one at once, unless it hangs.
        const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);
        let _is_one = name;
        let bounded = ConnectWaitMode::Timeout(PATIENCE);
        let stream = DuplexPipeStream::<Bytes>::connect_by_path_with_wait_mode(path, bounded).await?;
        Ok(pipe::Stream::from(stream).into())
    }
    #[cfg(not(windows))]
    {
        use interprocess::local_socket::traits::tokio::Stream as _;
        Stream::connect(name).await
    }
}
