# Completion of tuiphone for PowerShell. In the profile: tuiphone completions powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName tuiphone -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.StartOffset -lt $cursorPosition } | ForEach-Object {
            # A word in quotes is told without them.
            if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.ToString() }
        })
    # An empty word does not reach a program here.
    $fresh = @()
    if ($wordToComplete -eq '') { $fresh = @('--fresh') }
    tuiphone complete @fresh -- @words 2>$null | Select-Object -Skip 1 | ForEach-Object {
        $value, $doc = $_ -split "`t", 2
        if (-not $doc) { $doc = $value }
        $typed = $value
        if ($value -match '[\s''"$`;&|(){}<>@#,*?\[\]~]') { $typed = "'" + ($value -replace "'", "''") + "'" }
        [System.Management.Automation.CompletionResult]::new($typed, $value, 'ParameterValue', $doc)
    }
}
